package daemon

import (
	"errors"
	"fmt"

	"go.uber.org/zap"

	"jogetferry/activities/step"
	"jogetferry/config"
	"jogetferry/migration"
	"jogetferry/uploads"
	"jogetferry/uploads/local"
	"jogetferry/uploads/sftp"
)

// uploadsAccess says what uploads are opened for.
type uploadsAccess int

const (
	uploadsRead uploadsAccess = iota
	uploadsWrite
)

// uploads opens the uploads of one side, in a folder or on an SFTP server.
func (p *ports) uploads(name, text string, login config.SFTP, access uploadsAccess) (step.UploadStore, error) {
	at, err := config.ParseUploads(text)
	if err != nil {
		return nil, migration.E(migration.CodeInvalid, "open "+name, "", "%w", err)
	}
	var s interface {
		step.UploadStore
		Close() error
	}
	switch {
	case at.Remote():
		s, err = p.onServer(name, at, login, access)
	case access == uploadsRead:
		s, err = local.OpenReadOnly(at.Path)
	default:
		s, err = local.Open(at.Path)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s %s: %w", name, text, err)
	}
	p.closers = append(p.closers, s.Close)
	return s, nil
}

// onServer opens uploads on an SFTP server. One that is out of reach now is no error:
// the activities that need it wait, and check says so.
func (p *ports) onServer(name string, at config.Uploads, login config.SFTP, access uploadsAccess) (*sftp.Store, error) {
	s, err := sftp.Open(sftp.Options{
		User: at.User, Host: at.Host, Port: at.Port, Path: at.Path,
		KnownHosts: login.KnownHosts, Key: login.Key, Passphrase: login.Passphrase, ReadOnly: access == uploadsRead,
	})
	if err != nil {
		return nil, err
	}
	lacks, err := s.Lacks(p.ctx)
	switch {
	case errors.Is(err, uploads.ErrStore):
		return nil, errors.Join(err, s.Close())
	case err != nil:
		p.logger.Warn("uploads cannot be reached yet", zap.String("server", name), step.SafeError(err))
	case len(lacks) > 0 && access == uploadsWrite:
		p.logger.Warn("the SFTP server cannot do all that is wanted", zap.String("server", name), zap.Strings("lacks", lacks))
	}
	return s, nil
}
