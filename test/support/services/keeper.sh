#!/usr/bin/env bash
# Keeps a server for as long as its owner lives, so that no crash of a test run leaves one behind.
# usage: keeper.sh OWNER-PID SIGNAL FOLDER COMMAND...
# FOLDER/pid holds the server's process id. When the owner is gone the server gets SIGNAL and FOLDER is removed.
owner=$1 signal=$2 folder=$3
shift 3

"$@" &
server=$!
echo "$server" >"$folder/pid"
tail --pid="$owner" -s 0.2 -f /dev/null &
watch=$!

wait -n "$server" "$watch"
if kill -0 "$watch" 2>/dev/null; then
  kill "$watch"
  wait "$server"
  exit
fi
kill -s "$signal" "$server"
wait "$server"
rm -rf "$folder"
