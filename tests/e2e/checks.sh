# What the shell tests of this folder share: source it first. It goes to the root of the project; $dir is a folder that
# goes when the test ends; $out and $err are what the last command said.
cd "$(dirname "$0")/../.." || exit 3
root=$PWD
wsg=${WSG:-$root/wsgauntlet}
dir=$(mktemp -d) || exit 3
trap 'rm -rf "$dir"' EXIT
out=$dir/out err=$dir/err
: >"$out" >"$err"
passed=0 failed=0

# verdict STATUS NAME: tells and counts one check, and what was said when it fails
verdict() {
    if [ "$1" -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok   $2"
    else
        failed=$((failed + 1))
        echo "FAIL $2"
        tail -q -n 25 "$out" "$err" | sed 's/^/     /'
    fi
}

# end NAME: the last line of a test, and its exit status
end() {
    echo "$1: $passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}
