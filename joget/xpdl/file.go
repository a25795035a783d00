package xpdl

import (
	"encoding/xml"
	"strings"
)

// The file as encoding/xml sees it. Namespaces are not compared, since
// designers write both prefixed and default ones.
type file struct {
	XMLName      xml.Name          `xml:"Package"`
	ID           string            `xml:"Id,attr"`
	Name         string            `xml:"Name,attr"`
	Participants []participant     `xml:"Participants>Participant"`
	Fields       []field           `xml:"DataFields>DataField"`
	Processes    []workflowProcess `xml:"WorkflowProcesses>WorkflowProcess"`
}

type participant struct {
	ID   string `xml:"Id,attr"`
	Name string `xml:"Name,attr"`
}

type workflowProcess struct {
	ID     string `xml:"Id,attr"`
	Name   string `xml:"Name,attr"`
	Header struct {
		Unit     string `xml:"DurationUnit,attr"`
		Limit    string `xml:"Limit"`
		Priority string `xml:"Priority"`
	} `xml:"ProcessHeader"`
	Attributes   []attribute   `xml:"ExtendedAttributes>ExtendedAttribute"`
	Parameters   []field       `xml:"FormalParameters>FormalParameter"`
	Fields       []field       `xml:"DataFields>DataField"`
	Participants []participant `xml:"Participants>Participant"`
	Sets         []activitySet `xml:"ActivitySets>ActivitySet"`
	graph
}

// attribute is where designers keep what the engine does not need.
type attribute struct {
	Name  string `xml:"Name,attr"`
	Value string `xml:"Value,attr"`
}

type activitySet struct {
	ID string `xml:"Id,attr"`
	graph
}

type graph struct {
	Activities  []activity   `xml:"Activities>Activity"`
	Transitions []transition `xml:"Transitions>Transition"`
}

type field struct {
	ID      string `xml:"Id,attr"`
	Mode    string `xml:"Mode,attr"`
	IsArray string `xml:"IsArray,attr"`
	Basic   *struct {
		Type string `xml:"Type,attr"`
	} `xml:"DataType>BasicType"`
	Initial string `xml:"InitialValue"`
}

func (f field) kind() Type {
	if f.Basic == nil || strings.EqualFold(f.IsArray, "true") {
		return Other
	}
	switch t := Type(strings.ToUpper(f.Basic.Type)); t {
	case String, Reference, Performer, Integer, Float, Boolean, DateTime:
		return t
	case Other:
		return Other
	default:
		return Other
	}
}

type activity struct {
	ID          string      `xml:"Id,attr"`
	Name        string      `xml:"Name,attr"`
	Description string      `xml:"Description"`
	Limit       string      `xml:"Limit"`
	Priority    string      `xml:"Priority"`
	Performer   string      `xml:"Performer"`
	Attributes  []attribute `xml:"ExtendedAttributes>ExtendedAttribute"`
	Route       *struct{}   `xml:"Route"`
	Block       *struct {
		Set string `xml:"BlockId,attr"`
	} `xml:"BlockActivity"`
	No    *struct{} `xml:"Implementation>No"`
	Tools []struct {
		ID string `xml:"Id,attr"`
	} `xml:"Implementation>Tool"`
	Subflow *struct {
		Ref        string   `xml:"Id,attr"`
		Execution  string   `xml:"Execution,attr"`
		Parameters []string `xml:"ActualParameters>ActualParameter"`
	} `xml:"Implementation>SubFlow"`
	Deadlines []struct {
		Execution string `xml:"Execution,attr"`
		Condition string `xml:"DeadlineCondition"`
		Exception string `xml:"ExceptionName"`
	} `xml:"Deadline"`
	Restrictions []struct {
		Join *struct {
			Type string `xml:"Type,attr"`
		} `xml:"Join"`
		Split *struct {
			Type string `xml:"Type,attr"`
			Refs []struct {
				ID string `xml:"Id,attr"`
			} `xml:"TransitionRefs>TransitionRef"`
		} `xml:"Split"`
	} `xml:"TransitionRestrictions>TransitionRestriction"`
}

type transition struct {
	ID        string    `xml:"Id,attr"`
	Name      string    `xml:"Name,attr"`
	From      string    `xml:"From,attr"`
	To        string    `xml:"To,attr"`
	Condition condition `xml:"Condition"`
}

type condition struct {
	Type       string   `xml:"Type,attr"`
	Text       string   `xml:",chardata"`
	Xpressions []string `xml:"Xpression"`
}

// text joins plain text with Xpression elements, which older designers write.
func (c condition) text() string {
	if strings.TrimSpace(c.Text) != "" {
		return c.Text
	}
	return strings.Join(c.Xpressions, "")
}
