#!/bin/bash
# Runs once, when the primary is new: who reads, and who replicates.
set -euo pipefail
reader=$(</run/secrets/reader-password)
replicator=$(</run/secrets/replicator-password)
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<SQL
CREATE ROLE tillstream_reader LOGIN PASSWORD '$reader';
CREATE ROLE replicator LOGIN REPLICATION PASSWORD '$replicator';
SELECT pg_create_physical_replication_slot('replica');
SQL
echo 'host replication replicator all scram-sha-256' >>"$PGDATA/pg_hba.conf"
