-- At which steps does a crash hurt whom? Each run has one crash; a party is hurt if it ends worse than P's record entitles it to.
SELECT
    protocol,
    runs.plan,
    CASE
        WHEN outcome = 'committed' AND obtainable = 'no' THEN 'C paid for nothing'
        WHEN outcome <> 'committed' AND customer_goods = 'item' THEN 'M delivered for nothing'
        WHEN outcome = 'committed' AND customer_belief <> 'charged' AND plan NOT LIKE 'crash-forever C%'
            THEN 'C does not know that it paid'
        WHEN outcome = 'committed' AND merchant_belief <> 'paid' AND plan NOT LIKE 'crash-forever M%'
            THEN 'M does not know that it was paid'
    END AS hurt
FROM read_csv('results/crash*/runs.csv') AS runs
JOIN read_csv('results/crash*/purchases.csv') AS purchases USING (protocol, run)
WHERE hurt IS NOT NULL AND NOT (hurt = 'C paid for nothing' AND plan LIKE 'crash-forever C%')
ORDER BY protocol, hurt, plan;
