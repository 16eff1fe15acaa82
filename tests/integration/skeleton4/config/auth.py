GUARDS = {"default": "web", "web": {"model": None, "once": False}}
