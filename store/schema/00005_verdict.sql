-- +goose Up
-- The last comparison of each instance, and its items. deciding: it decided the
-- state of the instance; else it was a mere look.
CREATE TABLE IF NOT EXISTS verdict (
  migration   varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance    varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  verdict     varchar(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  deciding    tinyint NOT NULL,
  compared_at datetime(6) NOT NULL,
  PRIMARY KEY (migration, instance)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS verdict_item (
  migration varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  seq       int NOT NULL,
  kind      varchar(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  path      mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  subject   mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  result    varchar(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  seen      mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (migration, instance, seq)
) ENGINE=InnoDB;

-- What lay in the folders of an instance's records before its start: JSON,
-- packed. is_open 0: what tools did to them since was put back, or is to stay.
CREATE TABLE IF NOT EXISTS file_window (
  source    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  target    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  data      longblob NOT NULL,
  is_open   tinyint NOT NULL,
  taken_at  datetime(6) NOT NULL,
  PRIMARY KEY (source, instance, target)
) ENGINE=InnoDB;

-- Files as tools made them, which are not there any more: kept, and nothing to
-- go back to. content names chunks in file_chunk.
CREATE TABLE IF NOT EXISTS file_of_tool (
  id        bigint NOT NULL AUTO_INCREMENT,
  image_key char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  target    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  source    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  form_table varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  row_id    varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  name      mediumblob NOT NULL,
  size      bigint NOT NULL,
  modified_ns bigint NOT NULL,
  sum       char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  content   varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  taken_at  datetime(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY file_of_tool_key (image_key),
  KEY file_of_tool_instance (instance, source, target, id)
) ENGINE=InnoDB;
