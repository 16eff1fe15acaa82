from masonite.environment import env

NAME = env("APP_NAME", "Demo")
KEY = env("APP_KEY")
DEBUG = env("APP_DEBUG", True)
