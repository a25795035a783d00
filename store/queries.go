package store

import (
	"strings"

	"jogetferry/migration"
)

// The SQL of the ledger. Values go by "?"; lists are made by tuple and tuples.
const (
	queryCreateDatabase  = "CREATE DATABASE IF NOT EXISTS "
	queryDatabaseOptions = " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
	queryLock            = "SELECT GET_LOCK(?, ?)"
	queryUnlock          = "SELECT RELEASE_LOCK(?)"
	queryTableExists     = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?"
	insertFirstVersion   = "INSERT INTO " + schemaTable + " (version_id, is_applied) SELECT 0, TRUE FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM " + schemaTable + ")"
	queryNow             = "SELECT UTC_TIMESTAMP(6)"
	queryPacket          = "SELECT @@max_allowed_packet"

	forUpdate = " FOR UPDATE"
	// unlocked is what a lookup has instead of forUpdate.
	unlocked = ""
)

// Migrations.
const (
	queryIdentity  = `SELECT id FROM identity`
	queryMigration = `SELECT source, target, config_digest, plan_id, next_ordinal FROM migration WHERE name = ?`

	insertMigration = `INSERT INTO migration (name, source, target, config_digest, created_at)
VALUES (?, ?, ?, ?, UTC_TIMESTAMP(6))`

	updateConfigDigest = `UPDATE migration SET config_digest = ? WHERE name = ?`
	updateNextOrdinal  = `UPDATE migration SET next_ordinal = ? WHERE name = ?`
	updatePlanned      = `UPDATE migration SET plan_id = ?, planned_at = UTC_TIMESTAMP(6) WHERE name = ?`
)

// Instances.
const (
	entryColumns = `instance, ordinal, definition, target_definition, requester, record, started, state, step,
reason, detail, park_id, wave, target_id, verdict, findings, updated_at, park_token`

	queryEntries = "SELECT " + entryColumns + " FROM instance WHERE "

	// Servers prefer to look for a few entries in the order wanted, past all others.
	queryTheseEntries = "SELECT " + entryColumns + " FROM instance FORCE INDEX (PRIMARY) WHERE migration = ? AND instance IN "

	entriesAfter = " AND ordinal > ? ORDER BY ordinal LIMIT ?"

	// Of one state, an index has them in order: see placesAfter.
	queryThesePlaces   = "SELECT instance, ordinal FROM instance FORCE INDEX (PRIMARY) WHERE "
	queryPlacesOfState = "SELECT instance, ordinal FROM instance FORCE INDEX (instance_state) WHERE "
	queryPlacesOfWave  = "SELECT instance, ordinal FROM instance FORCE INDEX (instance_wave) WHERE "
	inOrder            = " ORDER BY ordinal LIMIT ?"

	queryKnownEntries = `SELECT instance, state, reason, findings FROM instance WHERE migration = ? AND instance IN `

	upsertEntries = `INSERT INTO instance (migration, instance, ordinal, definition, process, target_definition,
requester, record, started, state, reason, findings, activities, plan_id, updated_at) VALUES `

	upsertEntriesRow = "(?,?,?,?,?,?,?,?,?,?,'',?,?,?,UTC_TIMESTAMP(6))"

	// The order of a known entry stays, so that pages read meanwhile do not shift.
	upsertEntriesAgain = ` ON DUPLICATE KEY UPDATE definition = VALUES(definition), process = VALUES(process),
target_definition = VALUES(target_definition), requester = VALUES(requester), record = VALUES(record),
started = VALUES(started), state = VALUES(state), reason = VALUES(reason), detail = NULL,
findings = VALUES(findings), activities = VALUES(activities), plan_id = VALUES(plan_id), updated_at = VALUES(updated_at)`

	updateSeenByPlan = `UPDATE instance SET plan_id = ? WHERE migration = ? AND instance IN `

	updateTarget = `UPDATE instance SET target_definition = ?, updated_at = UTC_TIMESTAMP(6)
WHERE migration = ? AND instance = ? AND target_id IS NULL`

	isUnseenByPlan = " AND plan_id <> ?"

	queryStillUnseen = `SELECT instance, ordinal FROM instance FORCE INDEX (PRIMARY) WHERE migration = ? AND plan_id <> ?
AND state IN ('ready','warned','blocked') AND instance IN `

	updateUnseenByPlan = `UPDATE instance SET state = 'skipped', reason = ?, detail = NULL,
updated_at = UTC_TIMESTAMP(6) WHERE migration = ? AND instance IN `

	queryCounts = "SELECT state, verdict, COUNT(*) FROM instance WHERE "
	// The index alone has what is counted; servers prefer to read all rows.
	queryCountsOfAll        = "SELECT state, verdict, COUNT(*) FROM instance FORCE INDEX (instance_wave) WHERE "
	groupCounts             = " GROUP BY state, verdict"
	queryCountsByDefinition = "SELECT definition, state, verdict, COUNT(*) FROM instance WHERE "
	groupCountsByDefinition = " GROUP BY definition, state, verdict ORDER BY definition"

	updateEntry = `UPDATE instance SET state = ?, step = ?, reason = ?, detail = ?, target_id = ?, verdict = ?,
claim_token = ?, updated_at = UTC_TIMESTAMP(6) WHERE migration = ? AND instance = ?`

	updateStep = `UPDATE instance SET step = ?, reason = '', detail = '', claim_token = '', updated_at = UTC_TIMESTAMP(6)
WHERE migration = ? AND instance = ? AND state = ?`

	updateParked = `UPDATE instance SET state = 'parked', step = ?, reason = ?, detail = ?, park_id = ?,
park_token = ?, claim_token = '', updated_at = UTC_TIMESTAMP(6) WHERE migration = ? AND instance = ?`

	updateTargetID = `UPDATE instance SET target_id = ?, updated_at = UTC_TIMESTAMP(6)
WHERE migration = ? AND instance = ?`

	queryDecision = `SELECT park_id, action, target_id, discard, decided_by, reason_text, decided_at FROM decision
WHERE migration = ? AND instance = ? AND park_id = ?`

	wordColumns    = "activities, park_id, said_by, said_at"
	queryResumeAts = "SELECT instance, " + wordColumns + ` FROM resume_at WHERE migration = ?`

	upsertResumeAt = `INSERT INTO resume_at (migration, instance, activities, park_id, said_by, said_at)
VALUES (?,?,?,?,?,UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE activities = VALUES(activities),
park_id = VALUES(park_id), said_by = VALUES(said_by), said_at = VALUES(said_at)`

	upsertDecision = `INSERT INTO decision (migration, instance, park_id, action, target_id, discard, decided_by,
reason_text, decided_at) VALUES (?,?,?,?,?,?,?,?,UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE
action = VALUES(action), target_id = VALUES(target_id), discard = VALUES(discard),
decided_by = VALUES(decided_by), reason_text = VALUES(reason_text), decided_at = VALUES(decided_at)`
)

// queryStanding is all that a step begins with.
var queryStanding = `SELECT m.source, m.target, ` + of("i", entryColumns) + `, k.target_record,
EXISTS (SELECT 1 FROM record_key r WHERE r.source = m.source AND r.target = m.target),
EXISTS (SELECT 1 FROM row_capture p WHERE p.source = m.source AND p.instance = i.instance AND p.target = m.target),
EXISTS (SELECT 1 FROM fence f WHERE f.source = m.source AND f.instance = i.instance AND f.target = m.target AND f.is_open = 1), ` +
	of("c", claimColumns) + ", UTC_TIMESTAMP(6), " + of("w", wordColumns) + ", " + of("s", snapshotColumns) + `
FROM migration m JOIN instance i ON i.migration = m.name AND i.instance = ?
LEFT JOIN record_key k ON k.source = m.source AND k.target = m.target AND k.record = i.record
LEFT JOIN start_claim c ON c.source = m.source AND c.instance = i.instance AND c.target = m.target
LEFT JOIN resume_at w ON w.migration = m.name AND w.instance = i.instance
LEFT JOIN snapshot s ON s.migration = m.name AND s.instance = i.instance
AND s.seq = (SELECT MAX(t.seq) FROM snapshot t WHERE t.migration = m.name AND t.instance = i.instance)
WHERE m.name = ?`

// of returns columns as those of a table's alias.
func of(alias, columns string) string {
	names := strings.Split(columns, ",")
	for i, name := range names {
		names[i] = alias + "." + strings.TrimSpace(name)
	}
	return strings.Join(names, ", ")
}

// Findings.
const (
	queryFindings = `SELECT instance, check_id, severity, subject, message, seen, remedy, way FROM finding
WHERE migration = ? AND instance IN `

	queryFindingCounts = `SELECT i.definition, f.check_id, f.severity, COUNT(DISTINCT f.instance) FROM finding f
JOIN instance i ON i.migration = f.migration AND i.instance = f.instance
WHERE f.migration = ? AND i.state IN ('ready','warned','blocked')
GROUP BY i.definition, f.check_id, f.severity ORDER BY i.definition, f.check_id, f.severity`

	// A list of GROUP_CONCAT has room for a hundred checks where a server has its defaults.
	queryHindrances = `SELECT definition, target_definition, ways, checks, COUNT(*) FROM (
SELECT i.definition, i.target_definition,
COALESCE(GROUP_CONCAT(DISTINCT NULLIF(f.way, '') ORDER BY NULLIF(f.way, '') SEPARATOR '|'), '') AS ways,
COALESCE(GROUP_CONCAT(DISTINCT IF(f.way = '', f.check_id, NULL)
ORDER BY IF(f.way = '', f.check_id, NULL) SEPARATOR '|'), '') AS checks
FROM instance i LEFT JOIN finding f ON f.migration = i.migration AND f.instance = i.instance AND f.severity = 'blocking'
WHERE i.migration = ? AND i.state = 'blocked' GROUP BY i.definition, i.target_definition, i.instance) AS blocked
GROUP BY definition, target_definition, ways, checks ORDER BY definition, target_definition, ways, checks`

	deleteFindings = `DELETE FROM finding WHERE migration = ? AND instance IN `

	insertFindings = `INSERT INTO finding (migration, instance, check_id, severity, subject, message, seen, remedy, way)
VALUES `
)

// What a plan changed.
const (
	queryPlanRun = `SELECT plan_id, compared, complete, findings_before FROM plan_run WHERE migration = ?`

	upsertPlanRun = `INSERT INTO plan_run (migration, plan_id, compared, complete, findings_before, begun_at)
VALUES (?,?,?,0,?,UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE plan_id = VALUES(plan_id), compared = VALUES(compared),
complete = 0, findings_before = VALUES(findings_before), begun_at = VALUES(begun_at)`

	updatePlanComplete = `UPDATE plan_run SET complete = 1 WHERE migration = ?`

	deleteChanges = `DELETE FROM plan_change WHERE migration = ?`

	insertChanges = `INSERT INTO plan_change (migration, instance, was, state, findings_before, findings_after) VALUES `

	// The former side of a page that comes again is in the row already.
	upsertChangeAgain = ` ON DUPLICATE KEY UPDATE state = VALUES(state), findings_after = VALUES(findings_after)`

	isChange = `c.migration = ? AND (c.was <> c.state OR c.findings_before <> c.findings_after)`

	queryMoves = `SELECT c.was, c.state, COUNT(*) FROM plan_change c WHERE ` + isChange + `
GROUP BY c.was, c.state ORDER BY c.was, c.state`

	queryChanges = `SELECT c.instance, i.definition, c.was, c.state, c.findings_before, c.findings_after FROM plan_change c
JOIN instance i ON i.migration = c.migration AND i.instance = c.instance
WHERE ` + isChange + ` AND c.was = ? AND c.state = ? AND c.instance > ? ORDER BY c.instance LIMIT ?`
)

// Pilots.
const (
	queryActivities = `SELECT instance, COALESCE(activities, '') FROM instance WHERE migration = ? AND instance IN `

	queryPilotGroups = `SELECT definition, target_definition, state, COALESCE(activities, ''), COUNT(*), MIN(instance)
FROM instance WHERE `

	groupPilotGroups = ` GROUP BY definition, target_definition, state, COALESCE(activities, '')
ORDER BY definition, target_definition, state, MIN(instance)`

	upsertPilot = `INSERT INTO pilot (migration, instance, begun_by, begun_at) VALUES (?,?,?,UTC_TIMESTAMP(6))
ON DUPLICATE KEY UPDATE begun_by = VALUES(begun_by), begun_at = VALUES(begun_at)`

	queryPilots = `SELECT p.instance, i.definition, i.target_definition, i.state, i.verdict, p.begun_by, p.begun_at FROM pilot p
JOIN instance i ON i.migration = p.migration AND i.instance = p.instance
WHERE p.migration = ? ORDER BY i.definition, p.begun_at, p.instance`

	deletePilots = `DELETE FROM pilot WHERE migration = ? AND instance IN `

	upsertEvidence = `INSERT INTO pilot_evidence (migration, instance, data, taken_at) VALUES (?,?,?,UTC_TIMESTAMP(6))
ON DUPLICATE KEY UPDATE data = VALUES(data), taken_at = VALUES(taken_at)`

	queryEvidence = `SELECT data, taken_at FROM pilot_evidence WHERE migration = ? AND instance = ?`

	queryRowsWritten = `SELECT form_table, COUNT(DISTINCT row_id) FROM row_written
WHERE source = ? AND instance = ? AND target = ? AND is_written = 1 GROUP BY form_table`

	queryRowsBrought = `SELECT DISTINCT form_table, row_id FROM row_written
WHERE source = ? AND instance = ? AND target = ? AND is_written = 1`

	queryFilesWritten = `SELECT COUNT(DISTINCT form_table, row_id, name) FROM file_written
WHERE source = ? AND instance = ? AND target = ? AND is_written = 1`
)

// Waves.
const (
	queryWaves = `SELECT name, filter, size, window_size, rate, max_parked, pilotless, status, taken, created_by,
created_at FROM wave WHERE migration = ?`

	queryWave   = queryWaves + " AND name = ?"
	orderWaves  = " ORDER BY ordinal"
	queryOpened = `SELECT name FROM wave WHERE migration = ? AND status IN ('running','paused')`

	queryLastWave = `SELECT COALESCE(MAX(ordinal), 0) FROM wave WHERE migration = ?`

	insertWave = `INSERT INTO wave (migration, name, ordinal, filter, size, window_size, rate, max_parked, pilotless,
status, taken, looked_at, created_by, created_at) VALUES (?,?,?,?,?,?,?,?,?,'running',0,0,?,UTC_TIMESTAMP(6))`

	updateWave = `UPDATE wave SET status = ?, window_size = ?, rate = ?, max_parked = ?, pilotless = ?
WHERE migration = ? AND name = ?`

	queryLookedAt   = `SELECT looked_at FROM wave WHERE migration = ? AND name = ?` + forUpdate
	updateWaveTaken = `UPDATE wave SET taken = ?, looked_at = ? WHERE migration = ? AND name = ?`

	updateTaken = `UPDATE instance SET wave = ?, claim_token = ? WHERE migration = ? AND instance IN `

	// An instance without a wave was never taken, or was undone since.
	deleteTaken = `DELETE t FROM wave_taken t JOIN instance i ON i.migration = t.migration AND i.instance = t.instance
WHERE i.wave = '' AND i.migration = ? AND i.instance IN `
	insertTaken = `INSERT IGNORE INTO wave_taken (migration, wave, instance) SELECT migration, ?, instance FROM instance WHERE migration = ? AND instance IN `
	wasTakenBy  = "(wave = ? OR wave <> '' AND instance IN (SELECT t.instance FROM wave_taken t WHERE t.migration = ? AND t.wave = ?))"

	queryBatch = "SELECT " + entryColumns + ` FROM instance FORCE INDEX (instance_token)
WHERE migration = ? AND wave = ? AND state = 'claimed' AND claim_token = ? ORDER BY ordinal`

	// One state at a time, and unlocked: so the index alone finds the first few,
	// and nothing else is locked.
	queryClaimable    = `SELECT instance, ordinal FROM instance FORCE INDEX (instance_wave) WHERE migration = ? AND wave = ? AND state = ?`
	queryClaimableDue = `SELECT instance, ordinal FROM instance FORCE INDEX (instance_token) WHERE migration = ? AND wave = ? AND state = ?` + isDue

	isDue = " AND claim_token = '" + tokenDue + "'"

	// A done entry whose turn in a delta wave has not come counts as ready.
	counted = `IF(state = 'done' AND claim_token = '` + tokenDue + `', 'ready', state) counted_state,
IF(state = 'done' AND claim_token = '` + tokenDue + `', '', verdict) counted_verdict`

	queryCountsOfWave = "SELECT " + counted + ", COUNT(*) FROM instance WHERE "
	groupCountsOfWave = " GROUP BY counted_state, counted_verdict"

	// insertCounts adds what entries count for, or with -1 takes it away.
	insertCounts = `INSERT INTO wave_count (migration, wave, state, verdict, n)
SELECT migration, wave, ` + counted + `, ? * COUNT(*) FROM instance
WHERE migration = ? AND wave <> '' AND instance IN `
	groupCounted = ` GROUP BY migration, wave, counted_state, counted_verdict`

	queryWaveCounts   = `SELECT state, verdict, SUM(n), COUNT(*) FROM wave_count WHERE migration = ? AND wave = ? GROUP BY state, verdict`
	queryWaveChanges  = `SELECT id, state, verdict, n FROM wave_count WHERE migration = ? AND wave = ?`
	insertWaveCounts  = `INSERT INTO wave_count (migration, wave, state, verdict, n) VALUES `
	deleteWaveChanges = `DELETE FROM wave_count WHERE id IN `

	updateClaimed = `UPDATE instance SET state = 'claimed', claim_token = ?, updated_at = UTC_TIMESTAMP(6)
WHERE migration = ? AND instance IN `

	isOlder = " AND updated_at <= ? ORDER BY ordinal"
)

// The log.
const (
	// callColumns are those of a migration.Call, in step_log and fence.
	callColumns = "verb, call_target, activity, activity_id, user_name, variable, abort_current, earlier, snapshot"

	insertLines = `INSERT INTO step_log (migration, instance, step, kind, event, ` + callColumns + `, fate, facts, detail, http_status, actor, at)
VALUES `
	insertLinesRow = "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,UTC_TIMESTAMP(6))"

	queryLines = `SELECT id, instance, step, kind, event, ` + callColumns + `, fate, facts, detail, http_status, actor, at FROM step_log
WHERE migration = ? AND instance = ? ORDER BY id`
)

// Snapshots.
const (
	snapshotColumns = "seq, digest, data, taken_at"

	queryLastSnapshot = "SELECT " + snapshotColumns + ` FROM snapshot WHERE migration = ? AND instance = ?
ORDER BY seq DESC LIMIT 1`

	queryLastSnapshotDigest = `SELECT i.step, s.seq, s.digest FROM instance i
LEFT JOIN snapshot s ON s.migration = i.migration AND s.instance = i.instance
WHERE i.migration = ? AND i.instance = ? ORDER BY s.seq DESC LIMIT 1` + forUpdate

	insertSnapshot = `INSERT INTO snapshot (migration, instance, seq, digest, data, taken_at)
VALUES (?,?,?,?,?,UTC_TIMESTAMP(6))`
)

// Starts.
const (
	byKey = " WHERE source = ? AND instance = ? AND target = ?"

	claimColumns = `migration, state, attempt, token, record, baseline, accepted, fate, refused, definition, sent,
identity, changed_at`
	queryClaim = "SELECT " + claimColumns + ", UTC_TIMESTAMP(6) FROM start_claim" + byKey

	insertClaim = `INSERT INTO start_claim (source, instance, target, migration, state, attempt, token, record,
changed_at) VALUES (?,?,?,?,'claimed',1,?,?,UTC_TIMESTAMP(6))`

	updateClaimAgain = `UPDATE start_claim SET migration = ?, state = 'claimed', attempt = attempt + 1, token = ?,
record = ?, fate = '', refused = '', http_status = 0, definition = '', sent = NULL,
changed_at = UTC_TIMESTAMP(6)` + byKey

	updateBaseline = "UPDATE start_claim SET baseline = ?, accepted = 0" + byKey
	updateAccepted = "UPDATE start_claim SET accepted = 1" + byKey

	updateSending = `UPDATE start_claim SET state = 'sending', sent = ?, definition = ?,
changed_at = UTC_TIMESTAMP(6)` + byKey

	updateFate = `UPDATE start_claim SET state = ?, fate = ?, refused = ?, http_status = ?, identity = ?,
changed_at = UTC_TIMESTAMP(6)` + byKey

	updateStarted = `UPDATE start_claim SET state = 'started', fate = ?, refused = '', http_status = ?,
target_id = ?, identity = ?, changed_at = UTC_TIMESTAMP(6)` + byKey

	updateReleased = `UPDATE start_claim SET state = 'released', target_id = NULL, identity = NULL,
changed_at = UTC_TIMESTAMP(6)` + byKey

	queryTargetInstance = `SELECT source, instance, identity FROM target_instance WHERE target = ? AND target_id = ?`

	insertTargetInstance = `INSERT INTO target_instance (target, target_id, source, instance, role, identity, changed_at)
VALUES (?,?,?,?,?,?,UTC_TIMESTAMP(6))`

	updateTargetInstance = `UPDATE target_instance SET source = ?, instance = ?, role = ?, identity = ?, changed_at = UTC_TIMESTAMP(6)
WHERE target = ? AND target_id = ?`

	updateTargetLost = `UPDATE start_claim SET target_id = NULL` + byKey

	queryOwner = `SELECT t.instance, c.migration, t.identity FROM target_instance t
JOIN start_claim c ON c.source = t.source AND c.instance = t.instance AND c.target = t.target
WHERE t.target = ? AND t.target_id = ? AND t.role = 'current'`

	queryExplained = `SELECT target_id, source, instance, role, identity FROM target_instance WHERE target = ? AND target_id IN `
)

// Holds on records.
const (
	queryRecordHolder = `SELECT source, instance FROM record_hold WHERE target = ? AND record = ?`

	insertHold    = `INSERT INTO record_hold (target, record, source, instance, migration, changed_at) VALUES ` + insertHoldRow
	insertHoldRow = `(?,?,?,?,?,UTC_TIMESTAMP(6))`

	deleteHolds = "DELETE FROM record_hold" + byKey

	deleteIdleHolds = `DELETE h FROM record_hold h WHERE h.instance = ? AND (h.migration = ? OR h.source = ? AND h.target = ?)
AND NOT EXISTS (SELECT 1 FROM row_capture c WHERE c.source = h.source AND c.instance = h.instance AND c.target = h.target AND c.is_open = 1)
AND NOT EXISTS (SELECT 1 FROM start_claim s WHERE s.source = h.source AND s.instance = h.instance AND s.target = h.target
  AND s.state IN ('claimed','sending','unknown'))`
)

// Fences.
const (
	queryFence = `SELECT fence_id, is_open, step, ` + callColumns + `, fate, changed_at, UTC_TIMESTAMP(6) FROM fence` + byKey

	insertFence = `INSERT INTO fence (source, instance, target, fence_id, is_open, step, ` + callColumns + `, fate, changed_at)
VALUES (?,?,?,?,1,?,?,?,?,?,?,?,?,?,?,'',UTC_TIMESTAMP(6))`

	updateFenceOpen = `UPDATE fence SET fence_id = ?, is_open = 1, step = ?, verb = ?, call_target = ?, activity = ?, activity_id = ?,
user_name = ?, variable = ?, abort_current = ?, earlier = ?, snapshot = ?, fate = '', changed_at = UTC_TIMESTAMP(6)` + byKey

	updateFence = "UPDATE fence SET is_open = ?, fate = ?, changed_at = UTC_TIMESTAMP(6)" + byKey

	queryMigrationOfClaim = "SELECT migration FROM start_claim" + byKey
)

// Records with new IDs.
const (
	queryRekeys = `SELECT record, target_record FROM record_key WHERE source = ? AND target = ? AND record IN `

	queryAnyRekey = `SELECT 1 FROM record_key WHERE source = ? AND target = ? LIMIT 1`

	queryRekeysOf = `SELECT k.record, k.target_record FROM migration m JOIN record_key k ON k.source = m.source AND k.target = m.target
WHERE m.name = ? AND k.record IN `

	insertRekeys    = `INSERT IGNORE INTO record_key (source, target, record, target_record, decided_by, decided_at) VALUES `
	insertRekeysRow = `(?,?,?,?,?,UTC_TIMESTAMP(6))`

	// A committed decision is seen whatever the transaction has read before.
	// The second is whether a bulk copy to the target is being taken back.
	queryRekeyed = `SELECT (SELECT COUNT(*) FROM record_key WHERE source = ? AND target = ? AND record = ? LOCK IN SHARE MODE),
(SELECT COUNT(*) FROM bulk_copy b JOIN migration m ON m.name = b.migration WHERE m.target = ? AND b.pass = 'undo' AND b.status = 'running')`

	// A record that is held already has a user.
	insertRekeyHolds = `INSERT IGNORE INTO record_hold (target, record, source, instance, migration, changed_at) VALUES `

	// The index alone finds the tables.
	queryTablesOfRows  = `SELECT DISTINCT form_table FROM row_written WHERE target IN `
	queryTablesOfFiles = `SELECT DISTINCT form_table FROM file_written WHERE target IN `

	queryRowUsers  = usersIn + `row_written` + notUndone
	queryFileUsers = usersIn + `file_written` + notUndone

	usersIn   = `SELECT DISTINCT t.row_id, t.instance FROM `
	notUndone = ` t LEFT JOIN undo_mark m
ON m.source = t.source AND m.instance = t.instance AND m.target = t.target
WHERE m.source IS NULL AND t.instance NOT LIKE '` + string(migration.BulkOwner) + `%' AND t.source = ? AND t.target = ? AND t.form_table = ? AND t.row_id IN `

	queryStartUsers = `SELECT record, instance FROM start_claim WHERE state <> 'released' AND source = ? AND target = ? AND record IN `
	queryHoldUsers  = `SELECT record, instance FROM record_hold WHERE instance <> '' AND source = ? AND target = ? AND record IN `
)

// The bulk copy.
const (
	insertBulk = `INSERT INTO bulk_copy (migration, what, pass, status, rows_per_second, begun_at)
VALUES (?,?,?,'running',?,UTC_TIMESTAMP(6))`
	queryBulk       = `SELECT what, status, rows_per_second, begun_at, ended_at FROM bulk_copy WHERE migration = ?`
	updateBulkBegun = `UPDATE bulk_copy SET what = ?, pass = ?, status = 'running', rows_per_second = ?, begun_at = IF(?, UTC_TIMESTAMP(6), begun_at), ended_at = NULL WHERE migration = ?`
	updateBulk      = `UPDATE bulk_copy SET status = ?, ended_at = IF(? = 'done', UTC_TIMESTAMP(6), NULL) WHERE migration = ?`
	updateBulkRate  = `UPDATE bulk_copy SET rows_per_second = ? WHERE migration = ?`

	queryBulkCut = `SELECT 1 FROM bulk_chunk WHERE migration = ? AND kind = ? AND form_table = ? LIMIT 1`

	insertBulkChunks = `INSERT INTO bulk_chunk (migration, kind, form_table, after_id, to_id, planned, state, owner, reason, detail,
rows_read, bytes, inserted, overwritten, same, kept, conflicts, missing, differing, extra, gone, removed, restored, in_use, changed_at) VALUES `
	insertBulkChunksRow = `(?,?,?,?,?,?,'waiting','','','',0,0,0,0,0,0,0,0,0,0,0,0,0,0,UTC_TIMESTAMP(6))`

	updateBulkAgain = `UPDATE bulk_chunk SET state = 'waiting', owner = '', reason = '', detail = '', changed_at = UTC_TIMESTAMP(6)
WHERE migration = ? AND state IN ('taken', 'parked', 'left')`
	updateBulkLeft = `UPDATE bulk_chunk SET state = 'left', changed_at = UTC_TIMESTAMP(6) WHERE migration = ? AND kind = 'files' AND state = 'waiting'`
	updateBulkAnew = `UPDATE bulk_chunk SET state = 'waiting', owner = '', reason = '', detail = '', rows_read = 0, bytes = 0, inserted = 0, overwritten = 0,
same = 0, kept = 0, conflicts = 0, missing = 0, differing = 0, extra = 0, gone = 0, removed = 0, restored = 0, in_use = 0, changed_at = UTC_TIMESTAMP(6) WHERE migration = ?`
	updateBulkReleased = `UPDATE bulk_chunk SET state = 'waiting', owner = '', changed_at = UTC_TIMESTAMP(6)
WHERE id = ? AND state = 'taken' AND owner = ?`
	queryBulkOwn   = `SELECT id, kind, form_table, after_id, to_id, planned FROM bulk_chunk WHERE migration = ? AND state = 'taken' AND owner = ? ORDER BY id LIMIT 1`
	queryBulkNext  = `SELECT id, kind, form_table, after_id, to_id, planned FROM bulk_chunk WHERE migration = ? AND state = 'waiting' AND turn = ? ORDER BY id LIMIT 1 FOR UPDATE`
	updateBulkTurn = `UPDATE bulk_chunk SET turn = ? WHERE migration = ? AND turn <> ?`
	bulkTurnOf     = ` AND form_table IN `
	updateBulkTake = `UPDATE bulk_chunk SET state = 'taken', owner = ?, changed_at = UTC_TIMESTAMP(6) WHERE id = ? AND state = 'waiting'`
	updateBulkEnd  = `UPDATE bulk_chunk SET state = ?, owner = '', reason = ?, detail = ?, rows_read = ?, bytes = ?,
inserted = inserted + ?, overwritten = overwritten + ?, same = ?, kept = ?, conflicts = ?, missing = ?, differing = ?, extra = ?,
gone = ?, removed = removed + ?, restored = restored + ?, in_use = ?, changed_at = UTC_TIMESTAMP(6)
WHERE id = ? AND state = 'taken' AND owner = ?`

	queryBulkTables = `SELECT kind, form_table, COUNT(*), SUM(state = 'done'), SUM(state = 'parked'), SUM(planned),
MAX(reason), IFNULL(MAX(IF(state = 'parked', detail, NULL)), MAX(detail)), SUM(rows_read), SUM(bytes), SUM(inserted), SUM(overwritten), SUM(same), SUM(kept), SUM(conflicts), SUM(missing), SUM(differing), SUM(extra),
SUM(gone), SUM(removed), SUM(restored), SUM(in_use)
FROM bulk_chunk WHERE migration = ? AND state <> 'left' GROUP BY kind, form_table ORDER BY kind DESC, form_table`

	insertBulkRows    = `INSERT INTO bulk_row (chunk, target, kind, form_table, first_id, last_id, row_count, data, noted_at) VALUES `
	insertBulkRowsRow = `(?,?,?,?,?,?,?,?,UTC_TIMESTAMP(6))`
	queryBulkRows     = `SELECT id, data FROM bulk_row WHERE undone_at IS NULL AND target = ? AND kind = ? AND form_table = ? AND (`
	bulkRowsOf        = `first_id <= ? AND last_id >= ?`

	queryBulkBrought = `SELECT data FROM bulk_row WHERE chunk = ? AND target = ? AND undone_at IS NULL ORDER BY id`
	queryBulkSpend   = `SELECT id, data FROM bulk_row WHERE chunk = ? AND target = ? AND undone_at IS NULL AND first_id <= ? AND last_id >= ? ORDER BY id FOR UPDATE`
	// What is taken back gets a row of its own, what stays keeps its own.
	insertBulkSpent = `INSERT INTO bulk_row (chunk, target, kind, form_table, first_id, last_id, row_count, data, noted_at, undone_at)
SELECT chunk, target, kind, form_table, ?, ?, ?, ?, noted_at, UTC_TIMESTAMP(6) FROM bulk_row WHERE id = ?`
	updateBulkRows = `UPDATE bulk_row SET first_id = ?, last_id = ?, row_count = ?, data = ? WHERE id = ?`
	deleteBulkRows = `DELETE FROM bulk_row WHERE id = ?`

	queryBulkHeld = `SELECT COUNT(DISTINCT r.form_table), IFNULL(SUM(IF(r.kind = 'rows', r.row_count, 0)), 0), IFNULL(SUM(IF(r.kind = 'files', r.row_count, 0)), 0) FROM bulk_row r
JOIN bulk_chunk c ON c.id = r.chunk WHERE c.migration = ? AND r.undone_at IS NULL`

	// Whoever was about to take a record is waited for.
	queryHoldsOf = `SELECT COUNT(*) FROM record_hold h JOIN migration m ON m.target = h.target WHERE m.name = ? LOCK IN SHARE MODE`

	queryChunkRows  = `SELECT data FROM bulk_row WHERE chunk = ? ORDER BY id`
	deleteChunkRows = `DELETE FROM bulk_row WHERE chunk = ?`

	// Folders of records, which may be named otherwise than their records.
	queryOddRekeys = `SELECT record FROM record_key WHERE source = ? AND target = ? AND (LENGTH(record) <> CHAR_LENGTH(record) OR record LIKE '%+%' OR record LIKE '%/%' OR LOCATE('%', record) > 0)`
)

// High-water marks.
const (
	queryMarks  = `SELECT counter, mark FROM target_mark WHERE target = ?`
	raiseMarks  = `INSERT INTO target_mark (target, counter, mark) VALUES `
	raiseHigher = ` ON DUPLICATE KEY UPDATE mark = GREATEST(mark, VALUES(mark))`
	deleteMarks = `DELETE FROM target_mark WHERE target = ?`
)

// Captures.
const (
	queryCapture = "SELECT content, is_open FROM row_capture" + byKey + " AND id = ?"

	queryOpenCaptures = "SELECT id FROM row_capture" + byKey + " AND is_open = 1 ORDER BY changed_at, id"

	insertCapture = `INSERT INTO row_capture (source, instance, target, id, content, is_open, changed_at)
VALUES (?,?,?,?,?,1,UTC_TIMESTAMP(6))`

	// changed_at stays: it says when the image was taken.
	updateCaptureClosed = `UPDATE row_capture SET is_open = 0` + byKey + " AND id = ?"

	queryCaptureStories = "SELECT id, is_open, changed_at FROM row_capture" + byKey + " ORDER BY changed_at, id"
)

// Images of rows and of files.
const (
	insertRowImages = `INSERT INTO row_image (image_key, target, source, instance, form_table, row_id, existed, digest,
data, taken_at) VALUES `
	insertRowImagesRow = "(?,?,?,?,?,?,?,?,?,UTC_TIMESTAMP(6))"

	queryRowImages = `SELECT form_table, row_id, existed, digest, data FROM row_image
WHERE instance = ? AND source = ? AND target = ? ORDER BY id`

	insertFileImages = `INSERT INTO file_image (image_key, target, source, instance, form_table, row_id, name, existed,
kind, size, modified_ns, sum, content, taken_at) VALUES `
	insertFileImagesRow = "(?,?,?,?,?,?,?,?,?,?,?,?,?,UTC_TIMESTAMP(6))"

	queryFileImages = `SELECT form_table, row_id, name, existed, kind, size, modified_ns, sum, content FROM file_image
WHERE instance = ? AND source = ? AND target = ? ORDER BY id`

	insertChunk  = `INSERT INTO content_chunk (content, seq, data, stored_at) VALUES (?,?,?,UTC_TIMESTAMP(6))`
	deleteChunks = `DELETE FROM content_chunk WHERE content = ?`
	queryChunk   = `SELECT data FROM content_chunk WHERE content = ? AND seq = ?`

	// Which rows or files, by table.
	isOfTable = "form_table = ? AND row_id IN "
	isNamed   = " AND name IN "

	// Something is written once its first note says so; a later intent does not take that back.
	raiseWritten = ` ON DUPLICATE KEY UPDATE is_written = GREATEST(is_written, VALUES(is_written))`
)

var rowImageQueries = imageQueries{
	written: `SELECT form_table, row_id, '', digest FROM row_written WHERE target = ? AND `,
	known:   `SELECT form_table, row_id, '', image_key FROM row_image` + byKey + ` AND `,
	noted:   `SELECT image_key FROM row_written WHERE is_written = 1 AND image_key IN `,
	note: `INSERT INTO row_written (image_key, target, source, instance, form_table, row_id, digest,
is_written, changed_at) VALUES `,
	noteRow: "(?,?,?,?,?,?,?,?,UTC_TIMESTAMP(6))",
	outcome: "note rows written",
	step:    migration.StepCopyFormData,
	event:   migration.EventRowWritten,
}

var fileImageQueries = imageQueries{
	written: `SELECT form_table, row_id, name, sum FROM file_written WHERE target = ? AND `,
	known:   `SELECT form_table, row_id, name, image_key FROM file_image` + byKey + ` AND `,
	noted:   `SELECT image_key FROM file_written WHERE is_written = 1 AND image_key IN `,
	note: `INSERT INTO file_written (image_key, target, source, instance, form_table, row_id, name, sum,
is_written, changed_at) VALUES `,
	noteRow: "(?,?,?,?,?,?,?,?,?,UTC_TIMESTAMP(6))",
	outcome: "note files written",
	step:    migration.StepCopyUploads,
	event:   migration.EventFileWritten,
}

// Undoing. A trace is in use unless its instance is marked or the one asked for.
const (
	insertUndoMark = `INSERT IGNORE INTO undo_mark (source, instance, target, begun_at) VALUES (?,?,?,UTC_TIMESTAMP(6))`
	deleteUndoMark = `DELETE FROM undo_mark` + byKey

	tracesInUse = `(m.instance IS NULL AND NOT (t.source = ? AND t.instance = ?))`
	tracesOf    = ` t LEFT JOIN undo_mark m ON m.source = t.source AND m.instance = t.instance AND m.target = t.target
WHERE t.target = ? AND `

	newestFirst = byKey + " ORDER BY id DESC"
)

var rowUndoQueries = undoQueries{
	imaged:      `SELECT form_table, row_id, '' FROM row_image` + newestFirst,
	written:     `SELECT form_table, row_id, '' FROM row_written` + newestFirst,
	imageTraces: `SELECT t.id, t.form_table, t.row_id, '', t.existed, t.digest, ` + tracesInUse + ` FROM row_image` + tracesOf,
	digests:     `SELECT t.id, t.form_table, t.row_id, '', 1, t.digest, ` + tracesInUse + ` FROM row_written` + tracesOf,
	images:      `SELECT id, data FROM row_image WHERE id IN `,
	keep: `INSERT INTO row_image_undone (id, target, source, instance, form_table, row_id, existed, digest, data,
taken_at, undone_at) SELECT id, target, source, instance, form_table, row_id, existed, digest, data, taken_at,
UTC_TIMESTAMP(6) FROM row_image WHERE id IN `,
	forget:  `DELETE FROM row_image WHERE id IN `,
	disown:  `DELETE FROM row_written WHERE id IN `,
	outcome: "note rows put back",
	event:   migration.EventRowPutBack,
}

var fileUndoQueries = undoQueries{
	imaged:      `SELECT form_table, row_id, name FROM file_image` + newestFirst,
	written:     `SELECT form_table, row_id, name FROM file_written` + newestFirst,
	imageTraces: `SELECT t.id, t.form_table, t.row_id, t.name, t.existed, t.sum, ` + tracesInUse + ` FROM file_image` + tracesOf,
	digests:     `SELECT t.id, t.form_table, t.row_id, t.name, 1, t.sum, ` + tracesInUse + ` FROM file_written` + tracesOf,
	images:      `SELECT id, kind, size, modified_ns, content FROM file_image WHERE id IN `,
	keep: `INSERT INTO file_image_undone (id, target, source, instance, form_table, row_id, name, existed, kind, size,
modified_ns, sum, content, taken_at, undone_at) SELECT id, target, source, instance, form_table, row_id, name, existed,
kind, size, modified_ns, sum, content, taken_at, UTC_TIMESTAMP(6) FROM file_image WHERE id IN `,
	forget:  `DELETE FROM file_image WHERE id IN `,
	disown:  `DELETE FROM file_written WHERE id IN `,
	outcome: "note files put back",
	event:   migration.EventFilePutBack,
}

// Rehearsals.
const (
	insertRehearsal = `INSERT INTO rehearsal (migration, instance, answers, max_steps, came_from, begun_by, begun_at)
VALUES (?,?,?,?,?,?,UTC_TIMESTAMP(6))`
	withInstance = ` r JOIN instance i ON i.migration = r.migration AND i.instance = r.instance`
	// What a wave took, or is planned anew, is nobody's rehearsal any more.
	isHeld = `r.holds = 1 AND i.wave = '' AND i.state NOT IN ('ready','warned','blocked')`

	queryRehearsal = `SELECT r.id, r.instance, r.answers, r.max_steps, r.begun_by, r.begun_at, r.mistakes, r.result, r.ended_at, ` + isHeld + `
FROM rehearsal` + withInstance + ` WHERE `
	queryRehearsed    = `SELECT came_from, holds, result IS NOT NULL FROM rehearsal WHERE id = ? AND migration = ? AND instance = ?` + forUpdate
	updateRehearsalOf = `UPDATE rehearsal` + withInstance + ` SET r.target_id = ?, r.target_oid = ? WHERE r.id = ? AND r.target_id = '' AND ` + isHeld
	queryRehearsalOf  = `SELECT COUNT(*) FROM rehearsal` + withInstance + ` WHERE r.target_id = ? AND r.target_oid = ? AND r.id = ? AND ` + isHeld
	isNotRehearsed    = ` AND instance NOT IN (SELECT r.instance FROM rehearsal r WHERE r.migration = ? AND r.holds = 1)`

	updateFileCaptureOpen = "UPDATE file_capture SET is_open = 1" + byKey
	updateMistakes        = `UPDATE rehearsal SET mistakes = ? WHERE id = ?`
	updateRehearsalResult = `UPDATE rehearsal SET result = ?, holds = 0, ended_at = UTC_TIMESTAMP(6) WHERE id = ?`
	updateRehearsed       = `UPDATE instance SET state = ?, wave = '', claim_token = '', updated_at = UTC_TIMESTAMP(6)
WHERE migration = ? AND instance = ?`

	queryRehearsalSteps = `SELECT is_done, data, changed_at FROM rehearsal_step WHERE rehearsal = ? ORDER BY number`
	upsertRehearsalStep = `INSERT INTO rehearsal_step (rehearsal, number, is_done, data, changed_at) VALUES (?,?,?,?,UTC_TIMESTAMP(6)) `
	insertOnlyNew       = `ON DUPLICATE KEY UPDATE number = VALUES(number)`
	updateUnlessDone    = `ON DUPLICATE KEY UPDATE data = IF(is_done, data, VALUES(data)), changed_at = IF(is_done, changed_at, VALUES(changed_at)), is_done = 1`
)

// Rollbacks of lists and waves.
const (
	queryRollbackRuns = `SELECT COUNT(*) FROM rollback_run WHERE migration = ?`
	queryRollbackRun  = `SELECT discard, created_by, created_at FROM rollback_run WHERE migration = ? AND name = ?`

	insertRollbackRun = `INSERT INTO rollback_run (migration, name, discard, created_by, created_at)
VALUES (?,?,?,?,UTC_TIMESTAMP(6))`

	queryTurns = `SELECT instance, came_from, reason, detail FROM rollback_instance WHERE migration = ? AND instance IN `

	queryStartedAt = `SELECT instance, changed_at FROM start_claim WHERE source = ? AND target = ? AND state = 'started'
AND instance IN `

	insertTurns = `INSERT INTO rollback_instance (migration, instance, rollback, came_from, reason, detail, position,
handed_out, outcome, changed_at) VALUES `
	insertTurnsRow = "(?,?,?,?,?,?,?,0,'',UTC_TIMESTAMP(6))"
	upsertTurns    = ` ON DUPLICATE KEY UPDATE rollback = VALUES(rollback), came_from = VALUES(came_from),
reason = VALUES(reason), detail = VALUES(detail), position = VALUES(position), handed_out = VALUES(handed_out),
outcome = VALUES(outcome), changed_at = VALUES(changed_at)`

	updateRollingBack = `UPDATE instance SET state = 'rolling_back', reason = '', detail = NULL, claim_token = '',
updated_at = UTC_TIMESTAMP(6) WHERE migration = ? AND instance IN `

	queryHandedOut = "SELECT " + entryColumns + ` FROM instance FORCE INDEX (instance_token)
WHERE migration = ? AND state = 'rolling_back' AND claim_token = ? ORDER BY ordinal`

	// From the turns to their entries: there are more entries than turns.
	queryBusyRecords = `SELECT STRAIGHT_JOIN i.record FROM rollback_instance r FORCE INDEX (rollback_instance_turn)
JOIN instance i ON i.migration = r.migration AND i.instance = r.instance
WHERE r.migration = ? AND r.rollback = ? AND r.handed_out = 1 AND r.outcome = '' AND i.state = 'rolling_back'`

	// In the order of the index, so that it alone finds the first few.
	queryWaitingTurns = `SELECT STRAIGHT_JOIN r.instance, i.record FROM rollback_instance r FORCE INDEX (rollback_instance_turn)
JOIN instance i ON i.migration = r.migration AND i.instance = r.instance
WHERE r.migration = ? AND r.rollback = ? AND r.outcome = '' AND r.handed_out = 0 AND i.state = 'rolling_back'`

	orderTurns = ` ORDER BY r.position DESC, r.instance DESC LIMIT ?`

	queryTurnsLeft = `SELECT STRAIGHT_JOIN COUNT(*) FROM rollback_instance r FORCE INDEX (rollback_instance_turn)
JOIN instance i ON i.migration = r.migration AND i.instance = r.instance
WHERE r.migration = ? AND r.rollback = ? AND r.outcome = '' AND r.handed_out = 0 AND i.state = 'rolling_back'`

	updateTurnCame = `UPDATE rollback_instance SET handed_out = 1, changed_at = UTC_TIMESTAMP(6)
WHERE migration = ? AND instance IN `

	updateToken = `UPDATE instance SET claim_token = ? WHERE migration = ? AND instance IN `

	updateTurnEnded = `UPDATE rollback_instance SET outcome = ?, changed_at = UTC_TIMESTAMP(6)
WHERE migration = ? AND instance = ?`

	// A rehearsal whose instance was rolled back has no part in what comes after.
	updateUndone = `UPDATE instance i LEFT JOIN rehearsal r ON r.migration = i.migration AND r.instance = i.instance AND r.holds = 1
SET i.state = ?, i.step = ?, i.wave = ?, i.reason = '', i.detail = NULL, i.target_id = NULL, i.verdict = '', i.claim_token = '',
i.updated_at = UTC_TIMESTAMP(6), r.holds = 0 WHERE i.migration = ? AND i.instance = ?`

	queryRollbackOf = `SELECT i.rollback, COALESCE(r.discard, FALSE), i.came_from, i.outcome FROM rollback_instance i
LEFT JOIN rollback_run r ON r.migration = i.migration AND r.name = i.rollback WHERE i.migration = ? AND i.instance = ?`

	queryUndone = `SELECT EXISTS (SELECT 1 FROM rollback_instance WHERE migration = ? AND instance = ? AND outcome = ?)`

	queryRollbackCounts = `SELECT outcome, COUNT(*) FROM rollback_instance WHERE migration = ? AND rollback = ? GROUP BY outcome`
)

// Verdicts.
const (
	upsertVerdict = `INSERT INTO verdict (migration, instance, verdict, deciding, compared_at)
VALUES (?,?,?,?,UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE verdict = VALUES(verdict), deciding = VALUES(deciding),
compared_at = VALUES(compared_at)`

	deleteVerdictItems = `DELETE FROM verdict_item WHERE migration = ? AND instance = ?`

	insertVerdictItems = `INSERT INTO verdict_item (migration, instance, seq, kind, path, subject, result, seen) VALUES `

	upsertPackage = `INSERT INTO frozen_package (migration, role, package, version, xpdl) VALUES (?,?,?,?,?)
ON DUPLICATE KEY UPDATE xpdl = VALUES(xpdl)`
	queryPackages = `SELECT role, package, version, xpdl FROM frozen_package WHERE migration = ? ORDER BY role, package, version`

	// Only the root's own: those of subflows are of other definitions.
	queryActivityCounts = `SELECT i.definition, v.subject, v.result, COUNT(*) FROM verdict_item v
JOIN instance i ON i.migration = v.migration AND i.instance = v.instance AND i.state = 'done'
WHERE v.migration = ? AND v.kind = 'activity' AND v.path = '' GROUP BY i.definition, v.subject, v.result ORDER BY i.definition, v.subject, v.result`

	queryAccount = `SELECT source, target, config_digest, planned_at FROM migration WHERE name = ?`

	queryDecisions = `SELECT instance, park_id, action, target_id, discard, decided_by, reason_text, decided_at FROM decision
WHERE migration = ? ORDER BY decided_at, instance`

	// Whatever an instance it is about, or none.
	queryLinesOf = `SELECT id, instance, step, kind, event, ` + callColumns + `, fate, facts, detail, http_status, actor, at FROM step_log
WHERE migration = ? AND id > ? AND event IN `

	queryVerdict = `SELECT verdict, deciding, compared_at FROM verdict WHERE migration = ? AND instance = ?`

	queryVerdictItems = `SELECT kind, path, subject, result, seen FROM verdict_item
WHERE migration = ? AND instance = ? ORDER BY seq`
)

// Files around a start.
const (
	queryCaptures = "SELECT content FROM row_capture" + byKey + " ORDER BY id"

	queryFileCapture = "SELECT content, is_open FROM file_capture" + byKey

	upsertFileCapture = `INSERT INTO file_capture (source, instance, target, content, is_open, taken_at)
VALUES (?,?,?,?,1,UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE content = VALUES(content), is_open = 1, taken_at = VALUES(taken_at)`

	updateFileCaptureClosed = "UPDATE file_capture SET is_open = 0" + byKey + " AND is_open = 1"

	queryKnownToolFiles = `SELECT image_key FROM file_of_tool WHERE image_key IN `

	insertToolFile = `INSERT IGNORE INTO file_of_tool (image_key, target, source, instance, form_table, row_id, name, size,
modified_ns, sum, content, taken_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,UTC_TIMESTAMP(6))`
)
