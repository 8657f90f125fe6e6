# What the Makefile of every story includes. The recipes are for POSIX sh, and need no terminal.
#
#   make test                         the newest version of the package index
#   LANTERN_DEMO_VERSION='==1.2.3' make test    that version
#   make local                        this checkout, built anew
#   make local-nobuild                the last build of this checkout

STORY := $(notdir $(CURDIR))
SANDGATE ?= sandgate
# Such as: make local OPTIONS='--runtime podman --tier sandbox'
OPTIONS ?=

.PHONY: test local local-nobuild

test:
	cd ../.. && $(SANDGATE) story run $(STORY) $(if $(LANTERN_DEMO_VERSION),--version '$(LANTERN_DEMO_VERSION)') $(OPTIONS)

local:
	cd ../.. && $(SANDGATE) story run $(STORY) --local $(OPTIONS)

local-nobuild:
	cd ../.. && $(SANDGATE) story run $(STORY) --no-build $(OPTIONS)
