# What `sam build` makes of this folder: the package and what it depends on, compiled. SAM copies the folder, and runs
# the Makefile of the architecture in the copy.
python := python3.13
target := $(ARTIFACTS_DIR)/python
# Lambda's system has glibc 2.34, and runs what was built for it or for an older one; the newest is taken.
platforms := $(foreach minor,34 33 32 31 30 29 28 27 26 25 24 23 22 21 20 19 18 17,--platform manylinux_2_$(minor)_$(machine))
# Of a package's metadata: its name and version, by which scanners know it, its licence, and what is compiled into it.
kept := -name METADATA -o -name 'LICENSE*' -o -name 'NOTICE*' -o -path '*/licenses/*' -o -path '*/sboms/*'

build-Layer:
	@$(python) -c "" 2> /dev/null || { echo "There is no $(python) that runs. Put its folder first on your PATH, or run \`make build\`, which looks further." >&2; exit 1; }
	@$(python) -c "import pip" 2> /dev/null || { echo "$(python) has no pip: $(python) -m ensurepip; on Debian and Ubuntu, apt-get install python3-pip." >&2; exit 1; }
	@$(python) -m pip install --quiet --disable-pip-version-check --no-input --no-compile --no-deps --require-hashes \
		--only-binary :all: --implementation cp --python-version 3.13 $(platforms) \
		--target "$(target)" --requirement requirements.txt || \
		{ echo "The layer's packages could not be installed. If pip found no versions at all, it is the network, or a proxy that it was not told of." >&2; exit 1; }
	@cp -R rescind "$(target)/rescind"
	@$(python) -I -B sdk_descriptions.py "$(target)" "$(target)/rescind/sdk-descriptions"
	@rm -rf "$(target)/bin" && find "$(target)" -name __pycache__ -prune -exec rm -rf {} +
	@find "$(target)" -path '*.dist-info/*' -type f ! \( $(kept) \) -delete
	@# Lambda keeps nothing that it compiles. These are trusted as they are; with their source's time in them, each build would differ.
	@$(python) -I -m compileall -q --invalidation-mode unchecked-hash -s "$(target)" -p /opt/python "$(target)"
