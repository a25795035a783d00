-- +goose Up
CREATE TABLE IF NOT EXISTS migration (
  name          varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  source        varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  target        varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  config_digest varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  plan_id       varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  planned_at    datetime(6) NULL,
  next_ordinal  bigint NOT NULL DEFAULT 1,
  created_at    datetime(6) NOT NULL,
  PRIMARY KEY (name)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS instance (
  migration         varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance          varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  ordinal           bigint NOT NULL,
  definition        varchar(700) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  process           varchar(600) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  target_definition varchar(700) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  requester         varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  record            varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  started           bigint NOT NULL,
  state             varchar(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  step              varchar(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  reason            varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  detail            mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  park_id           bigint NOT NULL DEFAULT 0,
  park_token        varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  wave              varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  claim_token       varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  target_id         varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  verdict           varchar(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  findings          int NOT NULL DEFAULT 0,
  activities        text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL, -- open when planned: a JSON list of definition IDs, sorted
  plan_id           varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  updated_at        datetime(6) NOT NULL,
  PRIMARY KEY (migration, instance),
  UNIQUE KEY instance_order (migration, ordinal),
  UNIQUE KEY instance_target (migration, target_id),
  KEY instance_wave (migration, wave, state, ordinal, verdict)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS finding (
  id        bigint NOT NULL AUTO_INCREMENT,
  migration varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  check_id  varchar(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  severity  varchar(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  subject   varchar(700) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  message   mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  seen      mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  remedy    mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (id),
  KEY finding_instance (migration, instance, id)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS wave (
  migration  varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  name       varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  ordinal    bigint NOT NULL,
  filter     mediumblob NOT NULL,
  size       bigint NOT NULL,
  window_size bigint NOT NULL,
  rate       double NOT NULL,
  max_parked bigint NOT NULL,
  pilotless  tinyint NOT NULL,
  status     varchar(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  taken      bigint NOT NULL,
  created_by varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  created_at datetime(6) NOT NULL,
  PRIMARY KEY (migration, name)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS decision (
  migration varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  park_id   bigint NOT NULL,
  action    varchar(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  target_id varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  discard   tinyint NOT NULL,
  decided_by varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  reason_text mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  decided_at datetime(6) NOT NULL,
  PRIMARY KEY (migration, instance, park_id)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS snapshot (
  migration varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  seq       int NOT NULL,
  digest    varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  data      longblob NOT NULL,
  taken_at  datetime(6) NOT NULL,
  PRIMARY KEY (migration, instance, seq)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS start_claim (
  source     varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance   varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  target     varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  migration  varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  state      varchar(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  attempt    int NOT NULL,
  token      varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  record     varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  -- The record while its start is in flight, else NULL.
  busy_record varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  -- NULL until the first look that found nothing in the way.
  baseline   mediumblob NULL,
  accepted   tinyint NOT NULL DEFAULT 0,
  fate       varchar(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  refused    varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  http_status int NOT NULL DEFAULT 0,
  definition varchar(700) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  sent       longblob NULL,
  target_id  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  identity   mediumblob NULL,
  changed_at datetime(6) NOT NULL,
  PRIMARY KEY (source, instance, target),
  UNIQUE KEY start_claim_record (target, busy_record),
  UNIQUE KEY start_claim_target (target, target_id)
) ENGINE=InnoDB;

-- Every target instance that was ever known to be ours: "current", or closed
-- since ("former"), or a wreck that was aborted ("wreck").
CREATE TABLE IF NOT EXISTS target_instance (
  target    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  target_id varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  source    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  role      varchar(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  identity  mediumblob NOT NULL,
  changed_at datetime(6) NOT NULL,
  PRIMARY KEY (target, target_id)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS fence (
  source    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  target    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  fence_id  varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  is_open   tinyint NOT NULL,
  step      varchar(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  what      varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  fate      varchar(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  changed_at datetime(6) NOT NULL,
  PRIMARY KEY (source, instance, target)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS step_log (
  id        bigint NOT NULL AUTO_INCREMENT,
  migration varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  step      varchar(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  kind      varchar(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  what      varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  detail    mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  http_status int NOT NULL,
  actor     varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  at        datetime(6) NOT NULL,
  PRIMARY KEY (id),
  KEY step_log_instance (migration, instance, id)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS target_mark (
  target  varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  counter varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  mark    bigint NOT NULL,
  PRIMARY KEY (target, counter)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS window_image (
  source    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  target    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  id        varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  data      longblob NOT NULL,
  is_open   tinyint NOT NULL,
  changed_at datetime(6) NOT NULL,
  PRIMARY KEY (source, instance, target, id)
) ENGINE=InnoDB;

-- What rows of the target were before we wrote; the lowest id of an instance is
-- the image to go back to. image_key is a digest of what makes a row unique,
-- which is too long for an index.
CREATE TABLE IF NOT EXISTS row_image (
  id        bigint NOT NULL AUTO_INCREMENT,
  image_key char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  target    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  source    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  form_table varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  row_id    varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  existed   tinyint NOT NULL,
  digest    char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  data      longblob NULL,
  taken_at  datetime(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY row_image_key (image_key),
  KEY row_image_instance (instance, source, target, id),
  KEY row_image_row (target, form_table, row_id)
) ENGINE=InnoDB;

-- What we wrote, or meant to write (is_written 0), into rows of the target.
CREATE TABLE IF NOT EXISTS row_written (
  id        bigint NOT NULL AUTO_INCREMENT,
  image_key char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  target    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  source    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  form_table varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  row_id    varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  digest    char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  is_written tinyint NOT NULL,
  changed_at datetime(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY row_written_key (image_key),
  KEY row_written_row (target, form_table, row_id)
) ENGINE=InnoDB;

-- The same for files. Names are bytes. content names the chunks of the former
-- file; chunks that no image names are of an attempt that did not end.
CREATE TABLE IF NOT EXISTS file_image (
  id        bigint NOT NULL AUTO_INCREMENT,
  image_key char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
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
  PRIMARY KEY (id),
  UNIQUE KEY file_image_key (image_key),
  KEY file_image_instance (instance, source, target, id),
  KEY file_image_row (target, form_table, row_id)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS file_written (
  id        bigint NOT NULL AUTO_INCREMENT,
  image_key char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  target    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  source    varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  form_table varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  row_id    varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  name      mediumblob NOT NULL,
  sum       char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  is_written tinyint NOT NULL,
  changed_at datetime(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY file_written_key (image_key),
  KEY file_written_row (target, form_table, row_id)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS file_chunk (
  content varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  seq     int NOT NULL,
  data    longblob NOT NULL,
  stored_at datetime(6) NOT NULL,
  PRIMARY KEY (content, seq)
) ENGINE=InnoDB;
