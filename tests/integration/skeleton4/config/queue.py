DRIVERS = {"default": "async", "async": {"blocking": False, "callback": "handle", "mode": "threading", "workers": 1}}
