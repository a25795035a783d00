-- +goose Up
-- The plan under way or the last one. complete: all of it was saved. compared:
-- there was a plan before it, and findings_before are those about servers and
-- definitions that it left.
CREATE TABLE IF NOT EXISTS plan_run (
  migration varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  plan_id   varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  compared  tinyint NOT NULL,
  complete  tinyint NOT NULL,
  findings_before mediumblob NOT NULL,
  begun_at  datetime(6) NOT NULL,
  PRIMARY KEY (migration)
) ENGINE=InnoDB;

-- What that plan changed. Findings are check IDs, sorted, with spaces between;
-- a row whose two sides are equal is no change.
CREATE TABLE IF NOT EXISTS plan_change (
  migration varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  was       varchar(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  state     varchar(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  findings_before mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  findings_after  mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (migration, instance),
  KEY plan_change_move (migration, was, state, instance)
) ENGINE=InnoDB;

-- Which instances were begun as pilots. What they map to, and how they ended, is
-- in instance. A row goes when a wave claims its instance.
CREATE TABLE IF NOT EXISTS pilot (
  migration varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  begun_by  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  begun_at  datetime(6) NOT NULL,
  PRIMARY KEY (migration, instance)
) ENGINE=InnoDB;

-- Only pilots are migrated outside waves.
INSERT IGNORE INTO pilot (migration, instance, begun_by, begun_at)
SELECT migration, instance, '', updated_at FROM instance
WHERE wave = '' AND state NOT IN ('ready', 'warned', 'blocked', 'skipped');
