package project

import (
	"path"
	"strings"
)

// squadSpec is a file in squads/.
type squadSpec struct {
	Title   string       `yaml:"title" jsonschema_description:"The squad's name for people, such as Finance data"`
	Channel string       `yaml:"channel" jsonschema_description:"Where the squad is reached, such as \"#finance-data\""`
	People  []personSpec `yaml:"people" jsonschema_description:"Who is in the squad"`
}

type personSpec struct {
	Name  string         `yaml:"name" jsonschema:"required" jsonschema_description:"The person's name"`
	Email Placed[string] `yaml:"email" jsonschema_description:"Where mail reaches the person"`
}

// squad reads one squad, named as its file.
func (l *loader) squad(file string) {
	text, node, ok := l.yaml(file)
	if !ok {
		return
	}
	var spec squadSpec
	l.decode(text, node, &spec)
	squad := Squad{Name: baseName(file), Title: spec.Title, Channel: spec.Channel, Where: text.Place(1, 1)}
	for _, person := range spec.People {
		if mail := person.Email; mail.Given() && !strings.Contains(strings.Trim(mail.Value, "@"), "@") {
			l.faults = append(l.faults, mail.Fault("%q is no mail address", mail.Value))
		}
		squad.People = append(squad.People, Person{Name: person.Name, Email: person.Email.Value})
	}
	if before, known := l.project.Squads[squad.Name]; known {
		l.fail(squad.Where, "the squad %s is also described in %s", squad.Name, before.Where.File).WithHint("rename one of the files")
		return
	}
	l.project.Squads[squad.Name] = squad
}

// baseName returns a file's name without folder and ending.
func baseName(file string) string {
	return strings.TrimSuffix(path.Base(file), path.Ext(file))
}
