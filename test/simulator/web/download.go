package web

import (
	"io"
	"net/http"
	"os"
	"path"
	"strings"

	"go.uber.org/zap"

	"jogetferry/test/simulator/engine"
)

// download serves an uploaded file; false when the path is none or there is no
// such file. Form permissions are not simulated. refusedPath keeps the
// names inside their record's folder, os.Root keeps links inside the uploads.
func (h *Handler) download(w http.ResponseWriter, r *http.Request, escaped string) bool {
	params := map[string]string{}
	pattern := strings.Split("client/app/*appId/~version/form/download/*formId/*primaryKey/*file", "/")
	if h.uploads == "" || refusedPath(escaped) || !match(pattern, strings.Split(strings.TrimPrefix(escaped, "/"), "/"), params) {
		return false
	}
	c := &call{Handler: h, w: w, r: r, path: params}
	v, err := c.wanted()
	if err != nil {
		return false
	}
	forms, err := c.forms(v)
	if err != nil {
		return false
	}
	root, err := os.OpenRoot(h.uploads)
	if err != nil {
		return false
	}
	defer closeLogged(h.log, root)
	for _, f := range forms {
		if f.id != params["formId"] {
			continue
		}
		file, err := root.Open(path.Join(engine.UploadsRoot, f.table, params["primaryKey"], params["file"]))
		if err != nil {
			return false
		}
		defer closeLogged(h.log, file)
		if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
			return false
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		if _, err := io.Copy(w, file); err != nil {
			h.log.Debug("download ended early", zap.Error(err))
		}
		return true
	}
	return false
}

func closeLogged(log *zap.Logger, c io.Closer) {
	if err := c.Close(); err != nil {
		log.Debug("close upload", zap.Error(err))
	}
}
