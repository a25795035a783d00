// Package sftp keeps uploads in a folder of another host, by SFTP: the same layout and
// promises as package local, with what the protocol has. Host keys are checked against
// known_hosts always; the login is by a key or an agent.
//
// The protocol has no open folders to start a path from: a path is looked at,
// component by component, before it is used and after a file was opened by it. Who may swap
// folders of the server meanwhile is kept out by the server alone (ChrootDirectory).
//
// Which files are copied is decided elsewhere. Start reading at store.go, then conn.go.
package sftp
