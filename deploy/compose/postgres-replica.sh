#!/bin/bash
# A streaming replica: copies the primary if there is nothing yet, then follows it.
set -euo pipefail
primary="${PRIMARY:-postgres}"
primary_port="${PRIMARY_PORT:-5432}"
# A file instead of the environment, where every process of the container would see it.
export PGPASSFILE="$HOME/.pgpass"
install --mode=0600 /dev/null "$PGPASSFILE"
printf '%s:%s:*:replicator:%s\n' "$primary" "$primary_port" "$(<"${SECRETS:-/run/secrets}/replicator-password")" >"$PGPASSFILE"
if [[ ! -s "$PGDATA/PG_VERSION" ]]; then
    # One that was cut off is begun anew.
    find "$PGDATA" -mindepth 1 -delete
    pg_basebackup --host="$primary" --port="$primary_port" --username=replicator --no-password \
        --pgdata="$PGDATA" --write-recovery-conf --wal-method=stream --slot=replica --checkpoint=fast
fi
# The log's writer doesn't wait for a reader that hangs: the reader's query is ended.
exec postgres -D "$PGDATA" -c hot_standby=on -c max_standby_streaming_delay=5s -c hot_standby_feedback=on "$@"
