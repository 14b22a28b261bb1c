-- People ask for the jobs of a queue as often as for those of a kind: a listing of one is an index range, too.
CREATE INDEX jobs_by_queue ON jobs (queue, state, created_at, id);
