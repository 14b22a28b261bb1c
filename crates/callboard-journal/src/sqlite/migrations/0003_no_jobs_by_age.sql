-- A listing of all jobs is one of every state, each an index range: an index for it alone was one more page to write
-- for each job that ends.
DROP INDEX jobs_by_age;
