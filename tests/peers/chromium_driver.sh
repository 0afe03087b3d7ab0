#!/bin/sh
# Takes headless Chromium through the cases of a serving, by the page of its port: chromium_driver.sh HOST PORT AGENT.
# The page ends the serving when it is through, and the serving ends us.
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
trap 'kill "$browser" 2>/dev/null; wait; exit 143' TERM INT
chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --remote-debugging-port=0 --user-data-dir="$profile" \
    "http://$1:$2/?run&stop&agent=$3" >/dev/null 2>&1 &
browser=$!
wait "$browser"
