-- The source is only read, by an account that can do nothing else.
CREATE USER 'reader'@'%' IDENTIFIED BY 'reader';
GRANT SELECT ON jwdb.* TO 'reader'@'%';
