#!/usr/bin/env bash
# What one would write to move an instance by hand: rows, uploads, a start, and each open
# activity. It checks nothing, keeps nothing, and can be run once.
#
# One argument, fields separated by "|": the package, definition, record, requester,
# variables as a form body, and the IDs of open activities, separated by spaces.
set -euo pipefail
IFS='|' read -r package definition record requester variables activities <<<"$1"

rows() { # where table...
	local where=$1
	shift
	"$DUMP" --defaults-extra-file="$SOURCE" --single-transaction --skip-lock-tables --no-create-info --no-tablespaces --replace --compact --default-character-set=utf8mb4 \
		--where="$where" "$SOURCE_DATABASE" "$@"
}
case $package in
leave)
	rows "id='$record'" app_fd_leave_request app_fd_leave_confirmation
	;;
procure)
	rows "id='$record'" app_fd_proc_request app_fd_proc_endorsement app_fd_proc_order
	rows "c_requestId='$record'" app_fd_proc_history app_fd_proc_item
	;;
onboard)
	rows "id='$record'" app_fd_onb_hire app_fd_onb_review
	rows "id=(SELECT c_address FROM app_fd_onb_hire WHERE id='$record')" app_fd_onb_address
	rows "c_hireId='$record'" app_fd_onb_task
	rows "c_taskId IN (SELECT id FROM app_fd_onb_task WHERE c_hireId='$record')" app_fd_onb_comment
	;;
esac | "$CLIENT" --defaults-extra-file="$TARGET" --default-character-set=utf8mb4 "$TARGET_DATABASE"

for folder in "$SOURCE_UPLOADS"/*/"$record"; do
	if [ -d "$folder" ]; then
		table=$(basename "$(dirname "$folder")")
		mkdir -p "$TARGET_UPLOADS/$table"
		cp -a "$folder" "$TARGET_UPLOADS/$table/"
	fi
done

call() { # path body
	curl --silent --show-error --fail --header "Referer: $URL/" --data "$2" "$URL/web/json/$1"
}
answer=$(call "workflow/process/start/$definition" "j_username=master&j_password=master&loginAs=$requester&recordId=$record&$variables")
instance=$(sed -n 's/.*"processId":"\([^"]*\)".*/\1/p' <<<"$answer")
if [ -z "$instance" ]; then
	echo "$record was not started: $answer" >&2
	exit 1
fi
abort=true
for activity in $activities; do
	call "monitoring/activity/start/$instance/$activity" "j_username=admin&j_password=admin&abortCurrent=$abort" >/dev/null
	abort=false
done
