#!/bin/sh
# Makes what main.tf says, sees that nothing would change, and removes it. `terraform init` comes before the run: it needs
# the registry, and no AWS.
set -eu
cd "$(dirname "$0")"

export TF_VAR_namespace="${SANDGATE_NAMESPACE:-$(od -An -N3 -tx1 /dev/urandom | tr -d ' ')}" TF_INPUT=0
state=$(mktemp -d)
destroy() {
  status=$?
  trap - EXIT
  terraform destroy -auto-approve -no-color -state="$state/state" || status=1
  rm -r "$state"
  exit "$status"
}
trap destroy EXIT
terraform apply -auto-approve -no-color -state="$state/state"
terraform plan -detailed-exitcode -no-color -state="$state/state"
