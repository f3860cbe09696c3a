"""Model-assisted pattern removal: a judge is asked what the rules miss in a question (OVR 3.3, appendix A, step 3)."""
