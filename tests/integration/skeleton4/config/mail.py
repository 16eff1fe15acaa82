FROM_EMAIL = "no-reply@example.com"
DRIVERS = {"default": "terminal", "terminal": {"from": FROM_EMAIL}}
