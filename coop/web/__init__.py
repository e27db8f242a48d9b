"""The page shell that every service wears.

**Owns**: layout, style sheet, charts, language. No table, no fact, no rule of the field.
**Tells**: nothing. **Hears**: nothing.
**Refuses**: knowing a service. A service hands it plain data and the name of its own template.
"""
