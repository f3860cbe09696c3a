"""The quickstart and the micro model that it trains."""
