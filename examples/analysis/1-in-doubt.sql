-- How does in-doubt time grow with loss? In-doubt time runs from C's order until C knows what became of it.
SELECT
    regexp_extract(scenario, 'drop=([0-9.]+)', 1)::DOUBLE AS loss,
    protocol,
    count(*) AS purchases,
    quantile_disc(in_doubt_us, 0.50) // 1000 AS median_ms,
    quantile_disc(in_doubt_us, 0.99) // 1000 AS p99_ms,
    max(in_doubt_us) // 1000 AS most_ms
FROM read_csv('results/loss*/purchases.csv')
GROUP BY ALL
ORDER BY protocol, loss;
