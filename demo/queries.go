package main

// The demo's own look at the source, past all code that it puts to the test.
const selectRunning = `SELECT p.Id FROM SHKProcesses p JOIN SHKProcessStates s ON s.oid = p.State
WHERE s.KeyValue LIKE 'open.%' AND p.ActivityRequesterId IS NULL ORDER BY p.oid`

// A record of somebody else under an ID that the source uses too.
const (
	insertForeign = "INSERT INTO app_fd_onb_hire (id, createdBy) VALUES (?, 'admin')"
	deleteForeign = "DELETE FROM app_fd_onb_hire WHERE id = ?"
)
