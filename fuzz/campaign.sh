#!/bin/bash
# A campaign under AFL++: a main instance and secondaries with varied schedules
# over one target, here or on several hosts that share a sync directory.
#   fuzz/campaign.sh TARGET [-n INSTANCES] [-t SECONDS] [-s SYNCDIR] [-h HOST] [-2] [-i SEEDS]
# Prints progress, stops clean on Ctrl-C, gathers and minimises. See docs/fuzzing.md.
cd "$(dirname "$0")/.." || exit 3
usage() {
    sed -n 's/^#   /usage: /p' "$0" >&2
    echo "  -n  instances on this host; as many as cores by default
  -t  seconds; until Ctrl-C by default
  -s  the sync directory, build/campaign/TARGET by default; shared or copied between hosts
  -h  this host's name in it, $(uname -n) by default
  -2  secondaries only: another host runs the main instance
  -i  seeds, corpus/TARGET by default" >&2
    exit 2
}
target=${1-}
[ -f "fuzz/fuzz_$target.c" ] || { echo "no such target: '$target'; there are: $(echo fuzz/fuzz_*.c | sed 's/fuzz\/fuzz_\([a-z0-9_]*\)\.c/\1/g')" >&2; usage; }
shift
instances=$(nproc) seconds=0 sync=build/campaign/$target host=$(uname -n) main=1 seeds=corpus/$target
while getopts n:t:s:h:i:2 option; do
    case $option in
    n) instances=$OPTARG ;; t) seconds=$OPTARG ;; s) sync=$OPTARG ;; h) host=$OPTARG ;; i) seeds=$OPTARG ;; 2) main=0 ;;
    *) usage ;;
    esac
done
[[ $# -lt $OPTIND && $instances =~ ^[1-9][0-9]?$ && $seconds =~ ^[0-9]+$ && $host =~ ^[A-Za-z0-9_-]+$ ]] || usage
command -v afl-fuzz >/dev/null || { echo "afl-fuzz is missing: .ci/deps fuzz" >&2; exit 3; }

. fuzz/build
dict=$(dictionary "$target")
build=build/afl
make -s -j"$(nproc)" CC=afl-clang-fast LIB_FUZZING_ENGINE=-fsanitize=fuzzer BUILD=$build \
    "$build/fuzz/fuzz_$target" $build/fuzz/mutator.so >$build.log 2>&1 || { tail -n 20 $build.log; exit 3; }
if [ "$instances" -gt 1 ]; then # one instance under the sanitizers sees more than crashes
    make -s -j"$(nproc)" CC=afl-clang-fast LIB_FUZZING_ENGINE=-fsanitize=fuzzer SAN=address,undefined BUILD=$build-san \
        "$build-san/fuzz/fuzz_$target" >$build.log 2>&1 || { tail -n 20 $build.log; exit 3; }
fi
mkdir -p "$sync"

# ---- instances: each searches in another way ----
schedules=(explore fast coe exploit lin quad rare)
export AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_TRY_AFFINITY=1 AFL_AUTORESUME=1
export AFL_IMPORT_FIRST=1 AFL_FINAL_SYNC=1 FUZZ_TARGET=$target
export ASAN_OPTIONS=abort_on_error=1:symbolize=0:detect_leaks=0 UBSAN_OPTIONS=abort_on_error=1:halt_on_error=1:symbolize=0
pids=() names=()
start() { # NUMBER
    local number=$1 name=$host-$1 program=$build/fuzz/fuzz_$target options=() mutator=$PWD/$build/fuzz/mutator.so
    options=(-S "$name" -p "${schedules[$number % ${#schedules[@]}]}")
    [ "$number" -eq 0 ] && [ "$main" -eq 1 ] && options=(-M "$name")
    [ $((number % 7)) -eq 1 ] && program=$build-san/fuzz/fuzz_$target
    [ $((number % 4)) -eq 2 ] && options+=(-L 0)      # MOpt
    [ $((number % 4)) -eq 3 ] && mutator=             # bytes alone
    [ $((number % 5)) -eq 4 ] && options+=(-Z)        # the old queue
    [ -n "$dict" ] && options+=(-x "$dict")
    AFL_CUSTOM_MUTATOR_LIBRARY=$mutator nohup afl-fuzz -i "$seeds" -o "$sync" -t 2000 -m none -G 4096 "${options[@]}" \
        -- "$program" >"$sync/$name.log" 2>&1 </dev/null &
    pids+=($!) names+=("$name")
}
# inputs, crashes, hangs, exec/s, executions, edges of an instance: from its plot data, or, where these are
# not yet there or it has ended, from its statistics, which are written once a minute.
figures() { # NAME
    local last
    last=$(tail -n 1 "$sync/$1/plot_data" 2>/dev/null)
    if [ $ended -eq 0 ] && [[ $last =~ ^[0-9] ]]; then
        # time, cycles, current, inputs, pending, favoured, map, crashes, hangs, depth, exec/s, executions, edges
        echo "$last" | awk -F', ' '{ print $4, $8, $9, int($11), $12, $13 }'
    else
        awk '{ v[$1] = $3 } END { print v["corpus_count"] + 0, v["saved_crashes"] + 0, v["saved_hangs"] + 0,
            int(v["execs_per_sec"]), v["execs_done"] + 0, v["edges_found"] + 0 }' "$sync/$1/fuzzer_stats" 2>/dev/null
    fi
}
progress() {
    local executions=0 speed=0 edges=0 corpus=0 crashes=0 hangs=0 alive=0 n row
    for n in "${!names[@]}"; do
        kill -0 "${pids[$n]}" 2>/dev/null && alive=$((alive + 1))
        read -ra row < <(figures "${names[$n]}")
        [ "${#row[@]}" -eq 6 ] || continue
        corpus=$((corpus + row[0])) crashes=$((crashes + row[1])) hangs=$((hangs + row[2]))
        speed=$((speed + row[3])) executions=$((executions + row[4]))
        [ "${row[5]}" -gt $edges ] && edges=${row[5]}
    done
    printf '%6d s  %d of %d instances  %d executions  %d/s  %d edges  %d inputs  %d crashes  %d hangs\n' \
        $SECONDS $alive "${#names[@]}" $executions $speed "$edges" $corpus $crashes $hangs
}
stopping=0 ended=0
trap 'stopping=1' INT TERM
SECONDS=0
for ((number = 0; number < instances; number++)); do
    start $number
done
echo "== $target: $instances instances on $host in $sync$([ "$seconds" -gt 0 ] && echo ", $seconds s")"
until [ $stopping -eq 1 ] || { [ "$seconds" -gt 0 ] && [ $SECONDS -ge "$seconds" ]; }; do
    for ((tick = 0; tick < (seconds > 0 && seconds < 120 ? 5 : 30) && stopping == 0; tick++)); do
        sleep 1 & wait $!
    done
    progress
    for pid in "${pids[@]}"; do kill -0 "$pid" 2>/dev/null && continue 2; done
    stopping=1 # nobody is left
done
trap '' INT TERM
# Asked again each second: an instance that has only just begun does not hear it yet.
for ((second = 0; second < 30; second++)); do
    kill -INT "${pids[@]}" 2>/dev/null || break
    sleep 1
done
kill -KILL "${pids[@]}" 2>/dev/null
wait "${pids[@]}" 2>/dev/null
ended=1
progress

# ---- gathering: findings as they are, of the rest the few that reach what all reach ----
findings=build/fuzz/findings/$target new=build/fuzz/new/$target gathered=$sync/.gathered status=0
mkdir -p "$findings" "$new"
rm -rf "$gathered" "$gathered.min"
mkdir -p "$gathered"
for name in "${names[@]}"; do
    if ! [ -f "$sync/$name/fuzzer_stats" ]; then
        echo "$name did not start:"
        sed 's/\x1b[^a-zA-Z]*[a-zA-Z]//g' "$sync/$name.log" | grep -A3 'ABORT\|ERROR' | head -n 5
        status=3
        continue
    fi
    for file in "$sync/$name"/queue/id:*; do
        [ -f "$file" ] && cp "$file" "$gathered/$(sha1sum <"$file" | cut -c1-40)"
    done
    for file in "$sync/$name"/crashes/id:* "$sync/$name"/hangs/id:*; do
        [ -f "$file" ] || continue
        cp "$file" "$findings/afl-$(sha1sum <"$file" | cut -c1-40)"
        [ $status -eq 0 ] && status=1
    done
done
AFL_ALLOW_TMP=1 afl-cmin -i "$gathered" -o "$gathered.min" -m none -t 2000 -- $build/fuzz/fuzz_"$target" >"$sync/cmin.log" 2>&1
[ -d "$gathered.min" ] && find "$gathered.min" -maxdepth 1 -type f -exec cp {} "$new/" ';'
echo "== $target: $(find "$gathered" -type f | wc -l) inputs gathered, $(find "$gathered.min" -maxdepth 1 -type f 2>/dev/null | wc -l) left in $new; $(find "$findings" -type f | wc -l) findings in $findings"
[ $status -ne 3 ] || exit 3
exit $status
