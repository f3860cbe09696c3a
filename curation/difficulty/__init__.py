"""How hard a prompt is: rounds of sampled responses, stopping rules, pass rates and their triage."""
