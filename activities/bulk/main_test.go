package bulk_test

import (
	"os"
	"testing"

	"jogetferry/test/activitytest"
)

func TestMain(m *testing.M) { os.Exit(activitytest.Main(m)) }
