-- The registry of the read models' generations. The generations themselves are made and dropped by the projectors while
-- everything runs: tables such as products_g3, shown under their stable names by views such as products.

-- Which generation of each view is served, and the number of the newest that was ever begun.
CREATE TABLE views (
    name              text COLLATE "C" PRIMARY KEY,
    generation        bigint NOT NULL,
    newest_generation bigint NOT NULL
);

-- How far each generation is; moved in the transaction that writes its rows, if it still stands where the writer left it.
CREATE TABLE checkpoints (
    view       text COLLATE "C" NOT NULL,
    generation bigint NOT NULL,
    version    bigint NOT NULL,
    position   bigint NOT NULL,
    PRIMARY KEY (view, generation)
) WITH (fillfactor = 50);

-- Has no rows: it is there to be locked. A writer locks it against other writers (SHARE ROW EXCLUSIVE), a swap of
-- generations against everybody (ACCESS EXCLUSIVE), a reader against swaps (ACCESS SHARE). Without it, a snapshot taken
-- before a swap would look for its rows in the generation that came after.
CREATE TABLE guard (nothing bigint);
