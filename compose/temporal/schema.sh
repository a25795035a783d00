#!/bin/sh
# Creates Temporal's two databases or brings them to this image's version. May
# be repeated. The tool reads SQL_PASSWORD.
set -eu

setup() { # DATABASE SCHEMA
	tool="temporal-sql-tool --plugin mysql8 --ep $MYSQL_HOST -p 3306 -u root --db $1"
	$tool create
	$tool setup-schema -v 0.0 # a database that has a later version keeps it
	$tool update-schema -d "/etc/temporal/schema/mysql/v8/$2/versioned"
}

setup temporal temporal
setup temporal_visibility visibility
