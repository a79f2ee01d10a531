//! What mails say until an administrator writes something else.

pub(super) const TOKEN_SUBJECT: &str = "Your access token \"{{ token_name }}\" expires in {{ days_left }} day{% if days_left != 1 %}s{% endif %}";

pub(super) const TOKEN_BODY: &str = "\
<p>Hello {{ owner_full_name }},</p>
<p>your access token <strong>{{ token_name }}</strong> expires on <strong>{{ expires_at }}</strong>
({{ expires_at_utc }}). From then on, whatever uses it is refused.</p>
<p>If you still need it, <a href=\"{{ renew_url }}\">make another one like it</a>, put it in the place of the old one, and
delete the old one.</p>
<p>If you do not need it any more, you need not do anything.</p>
<p>Patgate, {{ server_url }}</p>
";

pub(super) const DIGEST_SUBJECT: &str = "{% if tokens|length == 1 %}An access token of yours expires{% else %}{{ tokens|length }} access tokens of yours \
     expire{% endif %} soon";

pub(super) const DIGEST_BODY: &str = "\
<p>Hello {{ owner_full_name }},</p>
<p>these access tokens of yours expire soon. From then on, whatever uses them is refused.</p>
<ul>
{% for token in tokens %}<li><strong>{{ token.token_name }}</strong> expires on {{ token.expires_at }}
({{ token.expires_at_utc }}), in {{ token.days_left }} day{% if token.days_left != 1 %}s{% endif %}:
<a href=\"{{ token.renew_url }}\">make another one like it</a></li>
{% endfor %}</ul>
<p>Put each new token in the place of the old one, and delete the old one. What you do not need any more can simply
expire.</p>
<p>Patgate, {{ server_url }}</p>
";
