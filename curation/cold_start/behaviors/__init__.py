"""Behaviors of the cold start's traces: counted by cues, and by choice by a judge."""
