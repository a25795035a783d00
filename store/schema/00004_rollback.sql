-- +goose Up
-- Source instances whose rollback has begun and that wrote nothing since: they
-- use no row and no file of the target.
CREATE TABLE IF NOT EXISTS undo_mark (
  source    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  target    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  begun_at  datetime(6) NOT NULL,
  PRIMARY KEY (source, instance, target)
) ENGINE=InnoDB;

-- Images that were put back, or that became void with that: history. id is that
-- of row_image.
CREATE TABLE IF NOT EXISTS row_image_undone (
  undo_id   bigint NOT NULL AUTO_INCREMENT,
  id        bigint NOT NULL,
  target    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  source    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  form_table varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  row_id    varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  existed   tinyint NOT NULL,
  digest    char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  data      longblob NULL,
  taken_at  datetime(6) NOT NULL,
  undone_at datetime(6) NOT NULL,
  PRIMARY KEY (undo_id),
  KEY row_image_undone_row (target, form_table, row_id)
) ENGINE=InnoDB;

-- The same for files; their content stays in file_chunk.
CREATE TABLE IF NOT EXISTS file_image_undone (
  undo_id   bigint NOT NULL AUTO_INCREMENT,
  id        bigint NOT NULL,
  target    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  source    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  form_table varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  row_id    varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  name      mediumblob NOT NULL,
  existed   tinyint NOT NULL,
  kind      varchar(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  size      bigint NOT NULL,
  modified_ns bigint NOT NULL,
  sum       char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  content   varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  taken_at  datetime(6) NOT NULL,
  undone_at datetime(6) NOT NULL,
  PRIMARY KEY (undo_id),
  KEY file_image_undone_row (target, form_table, row_id)
) ENGINE=InnoDB;

-- Rollbacks of lists and waves.
CREATE TABLE IF NOT EXISTS rollback_run (
  migration  varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  name       varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  discard    tinyint NOT NULL,
  created_by varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  created_at datetime(6) NOT NULL,
  PRIMARY KEY (migration, name)
) ENGINE=InnoDB;

-- The last rollback of each instance. came_from is the state to return to when
-- it is refused; rollback is "" where it is not part of a run. position: the
-- highest is the first to be undone. handed_out: its turn came.
CREATE TABLE IF NOT EXISTS rollback_instance (
  migration  varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance   varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  rollback   varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  came_from  varchar(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  reason     varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  detail     mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  position   bigint NOT NULL,
  handed_out tinyint NOT NULL,
  outcome    varchar(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  changed_at datetime(6) NOT NULL,
  PRIMARY KEY (migration, instance),
  KEY rollback_instance_turn (migration, rollback, handed_out, position)
) ENGINE=InnoDB;
