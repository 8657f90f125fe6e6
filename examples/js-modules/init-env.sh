# source init-env.sh
#
# Asks which environment is meant; bash, zsh and ksh also take its name: source init-env.sh dev
# Starts a gate and leads this shell to it: `dev` is the embedded AWS, `integration` the sandbox account. Sourced again it
# leaves the run before. `sandgate stop` ends a run, sweeps what is left, and says what it was worth. Any POSIX shell.

_choice=${1:-}
if [ -z "$_choice" ]; then
  printf '1) dev\n2) integration\nenvironment: ' >&2
  read -r _choice
fi
case $_choice in
  1 | dev) _choice=dev ;;
  2 | integration) _choice=integration ;;
  *)
    printf 'no such environment: %s\n' "$_choice" >&2
    _choice=
    ;;
esac
if [ -n "$_choice" ]; then
  [ -z "${SANDGATE_RUN_DIR:-}" ] || eval "$(sandgate env --clear)"
  # Whoever works in a shell may test one module only.
  if _run=$(SANDGATE_REQUIRE=, sandgate start --tier "$_choice"); then
    eval "$(sandgate env --run "$_run")"
  else
    _choice=
  fi
fi
unset _run
# The last line, since what is sourced must not end the shell: its status is that of the file.
[ -n "$_choice" ] && unset _choice
