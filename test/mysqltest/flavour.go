package mysqltest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// EnvDir names the environment variable that holds the folder of the server to
// run: one with usr/sbin, sbin or bin in it, such as tools/install-mysql unpacks
// and Homebrew links. Empty or unset: the server is looked for on the system.
const EnvDir = "FERRY_TEST_MYSQL_DIR"

// ErrNotInstalled is returned by Start when there is no server to run.
var ErrNotInstalled = errors.New("neither mariadbd nor mysqld is installed: " + remedy())

func remedy() string {
	install := "run `make deps`"
	if runtime.GOOS == "darwin" {
		install = "run `brew install mariadb`"
	}
	return install + ", or set " + EnvDSN + " to an administrator's DSN"
}

// flavour is what the servers do differently.
type flavour struct {
	binary string
	// systemTables returns the flags with which the binary, found at base/bin or
	// base/sbin, creates the system tables, and what it reads from its input.
	systemTables func(base string) ([]string, io.Reader, error)
	// shared goes with creating the system tables and with serving them.
	shared []string
	// serving keeps a server small and quick, with writes that outlive a kill -9.
	serving []string
}

var flavours = []flavour{
	{
		binary:       "mariadbd",
		systemTables: mariadbSystemTables,
		shared:       []string{"--innodb-log-file-size=64M", "--innodb-flush-method=nosync"},
		serving:      []string{"--aria-pagecache-buffer-size=2M"},
	},
	{
		binary: "mysqld",
		systemTables: func(string) ([]string, io.Reader, error) {
			return []string{"--initialize-insecure"}, nil, nil
		},
		shared:  []string{"--innodb-redo-log-capacity=128M", "--innodb-flush-method=nosync"},
		serving: []string{"--mysqlx=OFF", "--skip-log-bin", "--secure-file-priv=NULL"},
	},
}

// mariadbSystemTables does what mariadb-install-db does, which a folder without
// MariaDB's client lacks, but for help texts and the schema sys.
func mariadbSystemTables(base string) ([]string, io.Reader, error) {
	const suffix = "_system_tables.sql" // after mysql in 10.11, after mariadb later
	files, err := filepath.Glob(filepath.Join(base, "share", "m*", "m*"+suffix))
	if err != nil || len(files) == 0 {
		return nil, nil, fmt.Errorf("no share/*/*%s in %s: %w", suffix, base, errors.Join(err, os.ErrNotExist))
	}
	statements := []io.Reader{strings.NewReader("CREATE DATABASE performance_schema CHARACTER SET utf8mb3;\nCREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n")}
	for _, file := range []string{files[0], strings.TrimSuffix(files[0], ".sql") + "_data.sql"} {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, nil, fmt.Errorf("read MariaDB's system tables: %w", err)
		}
		statements = append(statements, strings.NewReader(string(text)))
	}
	return []string{"--bootstrap"}, io.MultiReader(statements...), nil
}

// find returns the binary to run, with links resolved: a MariaDB may be called
// mysqld, and base folders are beside what a link leads to.
func find() (string, flavour, error) {
	folders := systemFolders()
	if dir := os.Getenv(EnvDir); dir != "" {
		folders = []string{filepath.Join(dir, "usr/sbin"), filepath.Join(dir, "sbin"), filepath.Join(dir, "bin")}
	}
	for _, f := range flavours {
		for _, folder := range folders {
			path, err := exec.LookPath(filepath.Join(folder, f.binary))
			if err != nil {
				continue
			}
			if path, err = filepath.EvalSymlinks(path); err != nil {
				return "", flavour{}, fmt.Errorf("follow %s: %w", f.binary, err)
			}
			return path, f, nil
		}
	}
	if dir := os.Getenv(EnvDir); dir != "" {
		return "", flavour{}, fmt.Errorf("%w: %s names %s", ErrNotInstalled, EnvDir, dir)
	}
	return "", flavour{}, ErrNotInstalled
}

// systemFolders are those of PATH, of the superuser and of Homebrew, which does
// not link a server that it keeps beside another one.
func systemFolders() []string {
	folders := filepath.SplitList(os.Getenv("PATH"))
	folders = append(folders, "/usr/sbin", "/usr/local/sbin")
	for _, homebrew := range []string{"/opt/homebrew", "/usr/local"} {
		folders = append(folders, homebrew+"/bin", homebrew+"/opt/mariadb/bin", homebrew+"/opt/mysql/bin")
	}
	return folders
}
