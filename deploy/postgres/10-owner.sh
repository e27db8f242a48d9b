#!/bin/sh
# Runs once, on an empty volume: an owner of coop's database that is no superuser, for a superuser is above the walls between
# co-operatives. It may make roles, because `coop migrate --roles` makes one for each service; other roles are closed to it.
set -eu
psql --no-psqlrc --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 <<'SQL'
\set password `cat /run/secrets/coop_owner_password`
CREATE ROLE coop LOGIN NOSUPERUSER NOCREATEDB CREATEROLE NOBYPASSRLS PASSWORD :'password';
CREATE DATABASE coop OWNER coop;
REVOKE ALL ON DATABASE coop FROM PUBLIC;
GRANT CONNECT ON DATABASE coop TO PUBLIC;
\connect coop
-- A condition that somebody slips into a query can then not name another co-operative than the transaction was begun for.
REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC;
SQL
