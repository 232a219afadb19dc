# make run and make test are all anyone needs; make help lists the rest.
# One flag set for every build: another flag would compile everything again.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export GOFLAGS := -buildvcs=false

# What the programs say they were built from. Not in GOFLAGS: tests and tools
# would be linked anew, and their results forgotten, with every change.
LDFLAGS := $(shell .ci/ldflags)
PURE := clinicpro-images clinicproctl clinicpro-gateway clinicpro-localcloud
STATICCHECK := .cache/staticcheck
export CLINICPRO_VERSITYGW := $(CURDIR)/.cache/versitygw
export CLINICPRO_BIN := $(CURDIR)/bin

# What the Windows workstation is made of.
WORKSTATION := ./app/... ./sync/... ./ui/... ./assets/... ./cmd/clinicpro-images ./cmd/clinicproctl
# Everything but the one package that needs OpenGL, and its program.
NODESKTOP = $$(go list -tags x11 ./... | grep -v -e /ui/desktop$$ -e /cmd/clinicpro-images-ui$$)

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 20

.PHONY: run
run: ## install what is missing, build, start in local mode
	@.ci/install run
	@$(MAKE) --no-print-directory -j2 bin ui
	@.ci/start $(ARGS)

.PHONY: build
build: ## build every program into bin/
	@.ci/install run
	@$(MAKE) --no-print-directory -j2 bin ui

# The pure programs, and the independent S3 server the tests compare with.
.PHONY: bin
bin:
	@mkdir -p bin
	CGO_ENABLED=0 go build -ldflags "$(LDFLAGS)" -o bin/ $(PURE:%=./cmd/%)

.PHONY: ui
ui:
	@mkdir -p bin
	CGO_ENABLED=1 go build -tags x11 -ldflags "$(LDFLAGS)" -o bin/ ./cmd/clinicpro-images-ui

# What the packages for Windows hold: no console opens with the agent, the
# window or the local cloud, which the agent starts.
.PHONY: windows
windows: ## every program for Windows into bin/windows/
	@.ci/install windows
	@mkdir -p bin/windows
	@$(MAKE) --no-print-directory -j2 windows-bin windows-ui

.PHONY: windows-bin windows-ui
windows-bin:
	CGO_ENABLED=0 GOOS=windows GOARCH=amd64 go build -ldflags "-H windowsgui -s -w $(LDFLAGS)" -o bin/windows/ ./cmd/clinicpro-images ./cmd/clinicpro-images-start ./cmd/clinicpro-localcloud
	CGO_ENABLED=0 GOOS=windows GOARCH=amd64 go build -ldflags "-s -w $(LDFLAGS)" -o bin/windows/ ./cmd/clinicproctl ./cmd/clinicpro-gateway
windows-ui:
	CGO_ENABLED=1 GOOS=windows GOARCH=amd64 CC=x86_64-w64-mingw32-gcc go build -tags release,no_metadata,migrated_fynedo \
		-ldflags "-H windowsgui -s -w $(LDFLAGS)" -o bin/windows/ ./cmd/clinicpro-images-ui

.PHONY: tools
tools: bin
	@mkdir -p .cache
	CGO_ENABLED=0 go build -o $(CLINICPRO_VERSITYGW) github.com/versity/versitygw/cmd/versitygw
	CGO_ENABLED=0 go build -o $(STATICCHECK) honnef.co/go/tools/cmd/staticcheck

.PHONY: test
test: ## install what is missing, then run every test
	@.ci/install test
	@rm -rf artefacts && mkdir -p artefacts/counts
	@go mod download
	@$(MAKE) --no-print-directory -j2 --output-sync=target ui tools phone
	@$(MAKE) --no-print-directory -j2 --output-sync=target lint go-test
	@$(MAKE) --no-print-directory e2e
	@.ci/total

.PHONY: lint
lint: ## gofmt, go vet, staticcheck; go vet of the workstation for Windows
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
		[ -z "$$unformatted" ] || { echo "gofmt these: $$unformatted"; exit 1; }
	CGO_ENABLED=0 go vet $(NODESKTOP)
	CGO_ENABLED=1 go vet -tags x11 ./ui/desktop ./cmd/clinicpro-images-ui
	GOOS=windows CGO_ENABLED=0 go vet $$(GOOS=windows CGO_ENABLED=0 go list -e $(WORKSTATION) | grep -v /ui/desktop$$)
	CGO_ENABLED=0 $(STATICCHECK) $(NODESKTOP)
	CGO_ENABLED=1 $(STATICCHECK) -tags x11 ./ui/desktop ./cmd/clinicpro-images-ui

.PHONY: go-test
go-test: ## every Go test with the race detector, but the end-to-end ones
	@.ci/gotest go -race -timeout 10m -parallel 5 -skip '^TestEndToEnd|^TestScreens|^TestMinIO$$' $(NODESKTOP)
	@# One goroutine draws them all, which the race detector slows tenfold.
	@CGO_ENABLED=0 .ci/gotest screens -count=1 -timeout 5m -run '^TestScreens' ./ui

.PHONY: phone
phone: ## the phone page: types, unit tests, freshness of its bundle
	@.ci/phone

.PHONY: e2e
e2e: ## the built programs, a real browser, a real keyring, a display
	@.ci/gotest window -count=1 -tags x11 -timeout 5m ./cmd/clinicpro-images-ui
	@.ci/gotest e2e -count=1 -timeout 25m -parallel 6 -run '^TestEndToEnd' ./cmd/clinicpro-images
	@cat artefacts/e2e/kills.md artefacts/e2e/faults.md

.PHONY: wine
wine: windows ## the Windows programs under Wine, without OpenGL (gigabytes of packages, minutes; not in make test)
	@.ci/install test
	@.ci/install wine
	@.ci/wine $(ARGS)

.PHONY: bench
bench: ## time from "PUT answered" to "durable in the spool", and the floor; the times of page and window; the agent idle
	@.ci/install test
	@$(MAKE) --no-print-directory -j2 ui tools
	@.ci/session bin/clinicproctl bench $(ARGS)
	@CGO_ENABLED=0 go test -run '^$$' -bench Doctor -benchtime 5x ./cmd/clinicproctl
	@CGO_ENABLED=0 go test -run '^$$' -bench Scroll -benchtime 300x ./ui/software
	@.ci/phone-bench
	@.ci/record-bench
	@.ci/desk-bench
	@.ci/window-bench

.PHONY: soak
soak: ## an hour: the seed's load, long faults and kills, every test several times, fuzzing
	@.ci/install test
	@$(MAKE) --no-print-directory -j2 ui tools
	@.ci/soak

.PHONY: minio
minio: ## encryption and lifecycle on MinIO, built as a program of its own (ten minutes the first time)
	@.ci/minio

.PHONY: hosting
hosting: ## the gateway behind nginx and Caddy, as a systemd service and in a container, as docs/operations.md has them (minutes; needs root)
	@.ci/install test
	@.ci/install hosting
	@$(MAKE) --no-print-directory -j2 bin tools
	@.ci/hosting

.PHONY: screenshots
screenshots: ## every screen of window and phone, light and dark, into docs/screenshots/
	@.ci/install test
	@rm -rf docs/screenshots/window docs/screenshots/phone
	@mkdir -p docs/screenshots/window docs/screenshots/phone
	CLINICPRO_SCREENSHOTS=$(CURDIR)/docs/screenshots/window CGO_ENABLED=0 go test -count=1 -run Screens ./ui
	cd assets/phone && OUT=$(CURDIR)/docs/screenshots/phone npm run --silent screenshots
	@find docs/screenshots/window -name '*.png' -print0 | xargs -0 pngquant --force --ext .png --speed 3 --quality 50-90 --
	@cp docs/screenshots/window/7-gallery-light.png docs/screenshots/session.png
	@ls docs/screenshots/window docs/screenshots/phone

.PHONY: packages
packages: ## every installable package, signed and verified, into packages/ (VERSION=x.y.z)
	@.ci/install test
	@.ci/install packages
	@packaging/build "$(VERSION)"

.PHONY: wine-packages
wine-packages: ## the MSIs installed, used, upgraded and removed under Wine (minutes; not in make test)
	@.ci/install test
	@.ci/install packages
	@.ci/install wine
	@packaging/windows/testmsis .cache/msis 1.0.0 1.1.0
	@mkdir -p artefacts/wine
	@CGO_ENABLED=0 go vet -tags wine ./packaging
	@CGO_ENABLED=0 go test -c -tags wine -o .cache/wine.test ./packaging
	@# Networks and disks of its own: a phone is on another computer than the
	@# workstation, local mode's port is fixed, and a disk is full.
	cd packaging && CLINICPRO_MSIS=$(CURDIR)/.cache/msis CLINICPRO_SHOTS=$(CURDIR)/artefacts/wine unshare --net --mount --map-root-user \
		sh -c 'ip link set lo up && exec $(CURDIR)/.cache/wine.test -test.v -test.timeout 60m -test.run Wine'

.PHONY: debian
debian: ## deb and rpm installed, started, removed in a clean Debian, their services under systemd (VERSION=x.y.z of make packages; needs root)
	@.ci/install debian
	@packaging/linux/debian packages/$(VERSION)
	@packaging/linux/services packages/$(VERSION)
	@packaging/linux/rpms packages/$(VERSION)
