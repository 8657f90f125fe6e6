# What the Makefile of every story includes. The recipes are for POSIX sh, and need no terminal.
#
#   make test                         the newest version of the package index
#   @VARIABLE@='==1.2.3' make test    that version
#   make local                        this checkout, built anew
#   make local-nobuild                the last build of this checkout

STORY := $(notdir $(CURDIR))
SANDGATE ?= sandgate
# Such as: make local OPTIONS='--runtime podman --tier sandbox'
OPTIONS ?=

.PHONY: test local local-nobuild

test:
	cd @ROOT@ && $(SANDGATE) story run $(STORY) $(if $(@VARIABLE@),--version '$(@VARIABLE@)') $(OPTIONS)

local:
	cd @ROOT@ && $(SANDGATE) story run $(STORY) --local $(OPTIONS)

local-nobuild:
	cd @ROOT@ && $(SANDGATE) story run $(STORY) --no-build $(OPTIONS)
