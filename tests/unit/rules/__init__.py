"""The rules, without anything of Masonite."""
