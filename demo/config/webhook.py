from masonite.environment import env

URL = env("WEBHOOK_URL")
