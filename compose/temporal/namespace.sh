#!/bin/sh
# Creates the namespace and the search attributes that the lists of the user
# interface are filtered by. May be repeated.
set -eu

attempts=30
until temporal operator cluster health >/dev/null 2>&1; do
	attempts=$((attempts - 1))
	if [ "$attempts" = 0 ]; then
		echo "Temporal at $TEMPORAL_ADDRESS is not healthy" >&2
		exit 1
	fi
	sleep 2
done

if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
	temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
else
	temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
fi

for name in FerryStage FerryReason FerryWave FerryDefinition; do
	if ! temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE" | grep -qw "$name"; then
		temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword
	fi
done
