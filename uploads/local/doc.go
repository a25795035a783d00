// Package local keeps uploads in a folder of this host, which may be a network
// mount: <root>/<folder of the record>/<name>, as Joget lays them out (uploads.Folder). Everything goes through os.Root, so that no name and no
// symlink leads out of the folder; symlinks within it are not followed either.
//
// Which files are copied is decided elsewhere. Start reading at store.go.
package local
