# Gantry: `make run` shows it at work, `make test` proves it, `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PREFIX  ?= /usr/local
DESTDIR ?=
CONFIG  ?= release
IMAGE   ?= busybox
PORT    ?= 8080
FILTER  ?=
ROUNDS  ?= 500
CUTS    ?= 100
SEED    ?=
MINUTES ?= 10

BUILD_PACKAGES := libcap-dev libmnl-dev libnftnl-dev libseccomp-dev libsqlite3-dev libarchive-dev zlib1g-dev binutils
RUN_PACKAGES   := busybox-static debootstrap curl
TEST_PACKAGES  := docker.io python3 python3-venv nftables iproute2 procps gcc openssl e2fsprogs btrfs-progs bsdutils user-mode-linux kmod systemd
# The system tests run on the default storage driver, and those in which storage matters on these too.
OTHER_STORAGE  := vfs btrfs
STORAGE_SUITES := SystemTests
DRIVERS        := $(notdir $(wildcard plugins/*-*))
SWIFT_BUILD    := swift build

.PHONY: help setup setup-run setup-test build run stop test powercut torture bench soak sdk install deb deb-check fmt check clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 14

# Installs what is missing of $(1), quietly; does nothing (and needs no network) when all is there.
define packages
	@missing=""; for p in $(1); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then echo "installing$$missing"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; fi
endef

setup: ## install the Debian packages that a build needs
	$(call packages,$(BUILD_PACKAGES))

setup-run: setup
	$(call packages,$(RUN_PACKAGES))

setup-test: setup-run
	$(call packages,$(TEST_PACKAGES))
	@python3 -c 'import docker' 2>/dev/null || .build/python/bin/python -c 'import docker' 2>/dev/null || \
	  { python3 -m venv .build/python && .build/python/bin/pip install -q docker; }

build: setup ## build everything (CONFIG=release or debug)
	$(SWIFT_BUILD) -c $(CONFIG)

run: setup-run build ## set up, build, and show a container at work (IMAGE=busybox or debian, PORT=8080)
	@config/demo start $(IMAGE) $(PORT) .build/$(CONFIG)

stop: ## end what `make run` started and remove its data
	@config/demo stop

test: setup-test ## build and run every test, as root, with real containers (FILTER=name for some)
	swift build --build-tests
	GANTRY_TEST_ROOT=1 config/test $(if $(FILTER),--filter $(FILTER))
	$(if $(FILTER),,$(foreach driver,$(OTHER_STORAGE),GANTRY_TEST_STORAGE=$(driver) GANTRY_TEST_ROOT=1 config/test --filter '$(STORAGE_SUITES)' &&) true)

# The variables of the fault tests. The power is cut in three arrangements.
TORTURE = GANTRY_TEST_ROOT=1 GANTRY_TORTURE_ROUNDS=$(ROUNDS) GANTRY_POWER_CUTS=$$(( ($(CUTS) + 2) / 3 )) $(if $(SEED),GANTRY_TORTURE_SEED=$(SEED))

torture: setup-test ## kill, starve and betray the engine: ROUNDS rounds and CUTS power cuts, SEED to repeat some
	swift build --build-tests
	$(TORTURE) config/test --filter 'FaultTests|CrashTests.PowerCutTests'

powercut: setup-test ## only the power cuts of `make torture`
	swift build --build-tests
	$(TORTURE) config/test --filter CrashTests.PowerCutTests

sdk: ## write the SDK for authors of drivers to .build/sdk
	@config/sdk .build/sdk

bench: setup-test ## measure Gantry beside Debian's docker.io, in the same run
	$(SWIFT_BUILD) -c release
	@config/bench .build/release

soak: setup-test ## a steady mix of calls for MINUTES, and what grows meanwhile (CONFIG=release or debug)
	$(SWIFT_BUILD) -c $(CONFIG)
	@config/soak .build/$(CONFIG) $(MINUTES)

install: setup ## build for distribution and install below DESTDIR and PREFIX
	DIST=1 $(SWIFT_BUILD) -c release --scratch-path .build-dist
	@PREFIX="$(PREFIX)" config/install .build-dist/release "$(DESTDIR)$(PREFIX)"

deb: setup ## build for distribution and pack .build-dist/gantry_VERSION_ARCHITECTURE.deb
	$(call packages,dpkg-dev)
	DIST=1 $(SWIFT_BUILD) -c release --scratch-path .build-dist
	@config/deb .build-dist/release .build-dist

deb-check: deb setup-run ## install, upgrade and purge that package in a Debian tree of its own
	@config/deb-check .build-dist/gantry_*_$$(dpkg --print-architecture).deb

fmt: ## format the sources in place
	swift format format --in-place --recursive Sources Tests plugins Package.swift

check: ## lint the sources, without changing them
	swift format lint --strict --recursive Sources Tests plugins Package.swift

clean: ## remove what was built
	rm -rf .build .build-dist
