#!/bin/sh
# The three services by the AWS CLI: sandgate run -- sh shell/test.sh
set -eu

namespace=${SANDGATE_NAMESPACE:-$(od -An -N3 -tx1 /dev/urandom | tr -d ' ')}
table=test_${namespace}_shell bucket=test-${namespace}-shell queue=test_${namespace}_shell
work=$(mktemp -d)

# Version 1 knows addresses of its own for some services, and takes them before AWS_ENDPOINT_URL.
call() { aws ${AWS_ENDPOINT_URL:+--endpoint-url "$AWS_ENDPOINT_URL"} --output text "$@"; }

clean() {
  status=$?
  trap - EXIT
  [ -z "${url:-}" ] || call sqs delete-queue --queue-url "$url" || status=1
  call s3 rb --force "s3://$bucket" >"$work/said" 2>&1 || [ "$status" -ne 0 ] || { cat "$work/said"; status=1; }
  call dynamodb delete-table --table-name "$table" >"$work/said" 2>&1 || [ "$status" -ne 0 ] || { cat "$work/said"; status=1; }
  rm -r "$work"
  exit "$status"
}
trap clean EXIT

same() { [ "$1" = "$2" ] && echo "ok - $3" || { echo "not ok - $3: '$1' is not '$2'"; exit 1; }; }

call dynamodb create-table --table-name "$table" --billing-mode PAY_PER_REQUEST \
  --attribute-definitions AttributeName=id,AttributeType=S --key-schema AttributeName=id,KeyType=HASH >"$work/said"
call dynamodb wait table-exists --table-name "$table"
call dynamodb put-item --table-name "$table" --item '{"id": {"S": "a"}, "n": {"N": "42"}}'
same "$(call dynamodb get-item --table-name "$table" --key '{"id": {"S": "a"}}' --query Item.n.N)" 42 "an item is what was put"

call s3 mb "s3://$bucket" >"$work/said"
echo "from the shell" >"$work/file"
call s3 cp --only-show-errors "$work/file" "s3://$bucket/a/file"
call s3 cp --only-show-errors "s3://$bucket/a/file" "$work/back"
same "$(cat "$work/back")" "from the shell" "an object comes back"

url=$(call sqs create-queue --queue-name "$queue" --query QueueUrl)
call sqs send-message --queue-url "$url" --message-body hello >"$work/said"
same "$(call sqs receive-message --queue-url "$url" --wait-time-seconds 5 --query 'Messages[0].Body')" hello "a message arrives"
