# Everything is in tools/; these are the short names.
# make run [SAMPLE=red] [OUT=directory] [STAND_INS=always]

run:
	@tools/run

test:
	@tools/test

test-arm64:
	@tools/test-arm64

bench:
	@tools/bench

format:
	clang-format-14 -i $$(git ls-files '*.cpp' '*.h')

clean:
	rm -rf build out

.PHONY: run test test-arm64 bench format clean
